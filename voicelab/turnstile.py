"""Gunicorn's threaded worker, but no process takes a whole burst of connections for itself."""

import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

YIELD_S = 0.001  # after each connection: long enough for another process to take the next


class FairWorker(ThreadWorker):
    def accept(self, listener: Any) -> None:
        super().accept(listener)
        time.sleep(YIELD_S)
