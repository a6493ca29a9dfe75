"""The stages run over a folder, without web, database or broker, for `run_pipeline`."""
