"""Audio analysis: decoding, measurements, drawings; no Django, and file access only in io.py."""
