"""How torch's threads wait: asleep, not spinning. Has to be set before torch loads."""

import os


def waits_asleep() -> None:
    """Let OpenMP's threads sleep while they wait for work, unless a person chose otherwise.

    By default libgomp spins: on a machine with other work one sentence took 2-4 times as long
    (`python -m benchmarks.openmp`). Read from the environment when libgomp is loaded, so this is
    the one thing beside the settings that touches os.environ; processes started later inherit it.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
