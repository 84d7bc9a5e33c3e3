"""Every module says what it is, and a package's `__init__` says nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT, modules, parsed

FUTURE = "from __future__ import annotations"


def name_of(module: Path) -> str:
    return str(module.relative_to(ROOT))


@pytest.mark.parametrize("module", modules(), ids=name_of)
def test_a_module_opens_with_a_docstring(module: Path) -> None:
    docstring = ast.get_docstring(parsed(module))
    assert docstring, f"{name_of(module)} does not say what it is"
    assert docstring.splitlines()[0].strip(), f"{name_of(module)} opens with an empty line"


@pytest.mark.parametrize(
    "module", [module for module in modules() if module.name == "__init__.py"], ids=name_of
)
def test_a_package_holds_a_docstring_only(module: Path) -> None:
    beside_docstring = [ast.unparse(node) for node in parsed(module).body[1:]]
    if module.parent == PACKAGE:
        beside_docstring = [line for line in beside_docstring if not line.startswith("__version__")]
    assert not beside_docstring


@pytest.mark.parametrize(
    "module", [module for module in modules() if module.name != "__init__.py"], ids=name_of
)
def test_annotations_are_never_evaluated_on_import(module: Path) -> None:
    assert FUTURE in [ast.unparse(node) for node in parsed(module).body[1:2]]
