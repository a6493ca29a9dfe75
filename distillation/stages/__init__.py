"""Stages: recipe and engines in, results out; no Django."""
