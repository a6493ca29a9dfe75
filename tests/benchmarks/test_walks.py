"""The walks of `benchmarks.walks`: the tests they record exist."""

from benchmarks.walks import WALKS
from tests.node_ids import is_test


def test_every_test_of_a_walk_exists() -> None:
    nodes = [node for walk in WALKS.values() for node in walk]
    assert [node for node in nodes if not is_test(*node.split("::"))] == []
