"""Sound in, numbers out: no Django, no files beyond io.py."""
