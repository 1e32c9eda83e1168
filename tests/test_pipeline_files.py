"""dvc.yaml against the source: a stage must depend on every module that it can import, and on no other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PIPELINE = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]


def module_file(name: str) -> Path | None:
    """The file of a module of ours, or None."""
    path = SOURCE / Path(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def imported(tree: ast.AST) -> set[str]:
    """Names that a file imports when it runs, anywhere in it; those for type checkers alone do not count."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            # `from dialsum.records import live` imports a module, `from dialsum.errors import InputError` a name.
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
        names |= imported(node)
    return names


def is_docstring_only(path: Path) -> bool:
    return all(isinstance(node, ast.Expr) for node in ast.parse(path.read_text(encoding="utf-8")).body)


def closure(module: str) -> set[str]:
    """Paths, from the repository's root, of all files of ours that a module can import; empty packages do not count."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = module_file(name)
        if path is None or path in found:
            continue
        found.add(path)
        waiting += imported(ast.parse(path.read_text(encoding="utf-8")))
        waiting += [".".join(name.split(".")[:size]) for size in range(1, name.count(".") + 1)]
    return {path.relative_to(ROOT).as_posix() for path in found if not is_docstring_only(path)}


@pytest.mark.parametrize("stage", sorted(PIPELINE))
def test_source_dependencies_are_the_import_closure(stage: str) -> None:
    listed = {dep for dep in PIPELINE[stage]["deps"] if dep.startswith("src/")}
    assert sorted(listed) == sorted(closure(f"dialsum.stages.{stage}"))


def test_closure_follows_imports_inside_functions() -> None:
    assert "src/dialsum/modeling/training.py" in closure("dialsum.stages.train")
    assert "src/dialsum/modeling/training.py" not in closure("dialsum.stages.generate")


@pytest.mark.parametrize("stage", sorted(PIPELINE))
def test_no_dependency_is_a_source_folder(stage: str) -> None:
    """A `__pycache__` would make it stale."""
    assert not [dep for dep in PIPELINE[stage]["deps"] if dep.startswith("src") and not dep.endswith(".py")]
