"""For whoever runs an installation: the audit log, health and metrics, the operations page."""
