"""OpenMP's wait policy: idle threads sleep instead of spinning. Must be set before torch loads."""

import os


def waits_asleep() -> None:
    """Make idle OpenMP threads sleep, unless OMP_WAIT_POLICY is already set.

    By default libgomp spins: on a machine under other load one sentence took 2-4 times as long
    (`python -m benchmarks.openmp`). libgomp reads the variable when it is loaded, so this is the
    only code besides the settings that touches os.environ; child processes inherit it.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
