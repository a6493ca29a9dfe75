"""Whether a test with a given id exists, without importing its module."""

import ast

from tests.conftest import REPOSITORY


def is_test(path: str, *names: str) -> bool:
    """Return whether the file has this function, in this class where one is named."""
    file = REPOSITORY / path
    body = ast.parse(file.read_text(encoding="utf-8")).body if file.is_file() else []
    for name in names:
        kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        found = [node for node in body if isinstance(node, kinds) and node.name == name]
        if not found:
            return False
        body = found[0].body
    return names[-1].startswith("test_")
