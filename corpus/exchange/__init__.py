"""The JSON exchange format: parsed with every error at once, written streamed."""
