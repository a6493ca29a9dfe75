"""Making, evaluating and deploying voices."""
