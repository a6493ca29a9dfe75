"""Measurements of docs/benchmarks.md and of the issues, each a command."""

import voicelab  # noqa: F401  the way OpenMP's threads wait, as in every process of ours
