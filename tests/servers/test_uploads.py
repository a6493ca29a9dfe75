"""Uploads through cut connections, repetitions and restarts of the real server, scaled down."""

import pytest

from benchmarks.uploads import faults, served


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_takes_survive_faults_and_restarts_intact_and_once():
    with served("sqlite", 2) as (server, people, corpus):
        lines = faults(server, people[:6], corpus, 24, 2)
    assert "24 takes of 24 ids" in lines[0]
    assert "SIGTERM, SIGKILL" in lines[0]
    assert lines[1].startswith("lost 0, doubled 0, hash or measure wrong 0, answers not as")
    assert lines[2].endswith("0 after the sweep")
    assert max(server.peaks_mb.values()) < 200
