"""Business actions of listening tests; views call these."""
