"""The house stands: imports point down, outsiders use the faces, files stay readable."""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("agents", "store", "replay", "graphs", "training")
TOO_LONG = 400
ONLY_HERE = {
    "langgraph": {"graphs"},
    "sqlite3": {"store"},
    "sqlmodel": {"store"},
    "sqlalchemy": {"store"},
    "psycopg": {"store"},
    "langchain_openai": {"agents/models"},
    "openai": {"agents/models"},
    "httpx2": {"agents/models"},
    "transformers": {"agents/models", "training"},
    "ray": {"graphs"},
    "torch": {"agents/models", "training"},
}
HEAVY = (
    "langgraph",
    "langchain_openai",
    "langchain_core",
    "sqlmodel",
    "sqlalchemy",
    "psycopg",
    "datasets",
    "transformers",
    "torch",
    "trl",
    "gradio",
    "ray",
)


def modules(floor: str) -> list[Path]:
    return sorted((ROOT / floor).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each imported module with the names taken from it, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or "", [alias.name for alias in node.names]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_imports_one_above_it(floor: str) -> None:
    above = (*FLOORS[FLOORS.index(floor) + 1 :], "sim")
    upward = [
        f"{path.relative_to(ROOT)} imports {name}" for path in modules(floor) for name, _ in imports(path) if name.split(".")[0] in above
    ]
    assert not upward


def test_there_is_no_circle_of_imports() -> None:
    graph: dict[str, set[str]] = {}
    for floor in FLOORS:
        for path in modules(floor):
            graph[dotted(path)] = {name for name, _ in imports(path) if name.split(".")[0] in FLOORS}
    for package in [name for name in graph if (ROOT / name.replace(".", "/") / "__init__.py").exists()]:
        # A face names its own modules; within the package they are what matters.
        graph[package] = {name for name in graph[package] if not name.startswith(package)}
    circle = find_circle(graph)
    assert not circle, " -> ".join(circle)


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for following in graph.get(node, ()):
            if circle := visit(following, [*path, node]):
                return circle
        done.add(node)
        return []

    return next((circle for node in graph if (circle := visit(node, []))), [])


def test_the_search_for_circles_finds_one() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]


@pytest.mark.parametrize("floor", FLOORS)
def test_outsiders_import_from_a_package_s_face_only(floor: str) -> None:
    inside = []
    for other in FLOORS:
        if other == floor:
            continue
        for path in modules(other):
            inside += [f"{path.relative_to(ROOT)} imports {name}" for name, _ in imports(path) if name.startswith(f"{floor}.")]
    assert not inside


@pytest.mark.parametrize("floor", FLOORS)
def test_each_face_says_what_it_offers_and_offers_it(floor: str) -> None:
    code = f"import {floor}; missing = [n for n in {floor}.__all__ if not hasattr({floor}, n)]; assert {floor}.__doc__ and not missing, missing"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("floor", FLOORS)
def test_no_face_loads_a_heavy_library(floor: str) -> None:
    code = f"import sys, {floor}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("library", sorted(ONLY_HERE))
def test_each_heavy_library_has_one_home(library: str) -> None:
    strangers = [
        f"{path.relative_to(ROOT)} imports {name}"
        for floor in FLOORS
        for path in modules(floor)
        if not any(path.is_relative_to(ROOT / home) for home in ONLY_HERE[library])
        for name, _ in imports(path)
        if name.split(".")[0] == library
    ]
    assert not strangers


def test_only_sim_py_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in modules(floor)
        if "os.environ" in path.read_text() or "getenv" in path.read_text()
    ]
    assert not readers


def test_every_module_says_what_it_knows() -> None:
    silent = [str(p.relative_to(ROOT)) for floor in FLOORS for p in modules(floor) if not ast.get_docstring(ast.parse(p.read_text()))]
    assert not silent


def test_no_folder_shadows_the_datasets_library() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert not [name for name in tracked if "datasets" in Path(name).parts[:-1]]


def test_long_files_are_reported() -> None:
    for floor in (*FLOORS, "tests"):
        for path in modules(floor):
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > TOO_LONG:
                warnings.warn(f"{path.relative_to(ROOT)} has {lines} lines", stacklevel=1)
            assert lines <= 2 * TOO_LONG, f"{path.relative_to(ROOT)} has {lines} lines: it is two files"
