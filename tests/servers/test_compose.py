"""compose.yaml's services as plain processes, on real PostgreSQL and Redis, with two workers."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from string import Template

import httpx
import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.processes import free_port, manage, running, wait_for
