"""Code structure statistics: files, functions, modules with one importer.

    python -m benchmarks.structure [--folder CHECKOUT] [--one-importer]

Parses the project's own modules (voicelab, corpus, distillation without migrations) without
importing them, so older checkouts can be measured by the same rules.
"""

from __future__ import annotations

import argparse
import ast
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared import table_print

PACKAGES = ("voicelab", "corpus", "distillation")
LONG = 400  # lines


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, its lines, and the project modules it imports."""

    name: str
    path: Path
    lines: int
    functions: tuple[int, ...]  # lines of each function
    imports: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--one-importer", action="store_true", help="name these modules")
    options = parser.parse_args()
    modules = modules_of(options.folder)
    lonely = one_importer(modules)
    lengths = sorted(length for module in modules.values() for length in module.functions)
    table_print(
        ("what", "figure"),
        [
            ["files", str(len(modules))],
            ["lines", str(sum(module.lines for module in modules.values()))],
            [
                "lines of a function, median and p90",
                f"{statistics.median(lengths):.0f}; {_p90(lengths)}",
            ],
            ["modules with one importer", str(len(lonely))],
            [f"files over {LONG} lines", str(sum(m.lines > LONG for m in modules.values()))],
        ],
    )
    for name, importer in sorted(lonely.items()) if options.one_importer else ():
        print(f"{modules[name].lines:4} {name} ← {importer}")


def modules_of(folder: Path) -> dict[str, Module]:
    """Return the project's modules by dotted name; an `__init__` has its package's name."""
    paths = [
        path
        for package in PACKAGES
        for path in sorted((folder / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    names = {_name(path, folder): path for path in paths}
    return {name: _module(name, path, names.keys()) for name, path in names.items()}


def one_importer(modules: dict[str, Module]) -> dict[str, str]:
    """Return modules with exactly one importer, mapped to it; packages are excluded."""
    importers: dict[str, set[str]] = defaultdict(set)
    for module in modules.values():
        for name in module.imports:
            importers[name].add(module.name)
    return {
        name: next(iter(found))
        for name, found in importers.items()
        if len(found) == 1 and modules[name].path.name != "__init__.py"
    }


def _module(name: str, path: Path, known: Collection[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    imports = {found for found in _imported(tree, known) if found != name}
    return Module(name, path, text.count("\n"), tuple(functions), frozenset(imports))


def _imported(tree: ast.AST, known: Collection[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in known:
                    yield full
                elif node.module in known:
                    yield node.module


def _name(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _p90(lengths: list[int]) -> int:
    return lengths[int(0.9 * (len(lengths) - 1))]


if __name__ == "__main__":
    main()
