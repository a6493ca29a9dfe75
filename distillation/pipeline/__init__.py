"""The stages over a folder, without web, database or broker: what `run_pipeline` runs."""
