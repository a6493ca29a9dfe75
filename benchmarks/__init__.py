"""Benchmarks behind docs/benchmarks.md and the issues; each module is a command."""

import voicelab  # noqa: F401  sets OpenMP's wait policy, as in all our processes
