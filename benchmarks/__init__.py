"""Measurements of the README and of the issues, each a command."""
