"""Candidate claims on PostgreSQL over Redis: two processes on one search, some of them killed."""

from pathlib import Path

import psycopg
import pytest

from tests.distillation.kills import KilledRun

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


@pytest.fixture
def servers(postgres_url: str, redis_url: str) -> dict[str, str]:
    """A database and a broker of this test alone."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("create database shares")
    return {
        "DATABASE_URL": postgres_url.rpartition("/")[0] + "/shares",
        "REDIS_URL": redis_url.rpartition("/")[0] + "/1",
    }


def test_two_processes_and_kills_give_the_same_pack(
    servers: dict[str, str], tmp_path: Path
) -> None:
    case = KilledRun(tmp_path, steps=40, slice_seconds=2.0, servers=servers)
    with case.worker(2):
        case.finish(1, seconds=100)
        assert len({pid for _, pid in case.evaluated()}) == 2
        case.finish_first(seconds=1)
        statistics = case.kill(3, seed=2, seconds=150)
    packs = case.packs()
    assert len(packs) == 2
    assert packs[0] == packs[1]
    [(first,), (second,)] = case.ask("select evaluations from distillation_stylerun order by id")
    assert first == second
    assert statistics.kills > 0
    evaluated = [number for number, _ in case.evaluated()]
    assert set(evaluated) == set(range(second))
    assert not statistics.evaluated_twice(evaluated)
    assert case.ask("select * from distillation_candidateclaim") == []
