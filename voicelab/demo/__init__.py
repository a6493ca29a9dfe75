"""The demo: one command that runs the whole workflow and shows its progress and results."""
