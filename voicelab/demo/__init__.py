"""The demonstration: the whole loop, started, watched and shown by one command."""
