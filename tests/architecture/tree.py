"""The repository as the architecture tests see it: tracked files, modules, functions."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "voiceslot_tui"


@cache
def tracked_files() -> tuple[Path, ...]:
    """Name every file git tracks or would add, absolute; an unpacked archive has no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    files = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(file for file in files if file.is_file()))


def text_of(file: Path) -> str | None:
    """Return the text of a file, or None where it is not text."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@cache
def modules() -> tuple[Path, ...]:
    """Name every Python file of the product."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def parsed(module: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(module.read_text(encoding="utf-8"), filename=str(module))


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method of the product, with the lines it takes."""

    module: Path
    name: str
    lines: int

    def __str__(self) -> str:
        return f"{self.module.relative_to(ROOT)}: {self.name} ({self.lines} lines)"


def functions() -> Iterator[Function]:
    """Yield every function of the product; the docstring does not count as length."""
    for module in modules():
        for node in ast.walk(parsed(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(module, node.name, _length(node))


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        assert docstring.end_lineno is not None
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines
