"""Fixtures of the demo's tests."""

from tests.distillation.conftest import media

__all__ = ["media"]
