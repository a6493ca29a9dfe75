"""Blind listening tests of voices: design, playing, votes, statistics."""
