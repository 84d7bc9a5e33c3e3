"""The description of the API, held to what the listener does by a program that reads it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.listener.conftest import API_KEY, BEARER, SECRET, MakeRig, Rig


async def found_by_schemathesis(rig: Rig, folder: Path, *options: str) -> str:
    """Let schemathesis send what the description allows and forbids; give what it complains of."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", rig.url + "/openapi.json"]
    command += ["--no-color", "--seed", "7", "--generation-database", "none", *options]
    command += ["--header", f"Authorization: {BEARER['Authorization']}"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(100):
        output, _ = await process.communicate()
    return "" if process.returncode == 0 else output.decode()


async def test_schemathesis_finds_nothing(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = await make_rig(api_key=API_KEY, secret=SECRET)
    assert await found_by_schemathesis(rig, tmp_path, "--max-examples", "8") == ""
    assert rig.engine.calls


async def test_schemathesis_finds_an_answer_that_is_not_described(
    make_rig: MakeRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = await make_rig(api_key=API_KEY)

    async def undescribed(*_: object, **__: object) -> None:
        raise ArithmeticError("a defect of ours")

    monkeypatch.setattr(rig.engine, "enqueue", undescribed)
    one = ("--include-path", "/enqueue-call", "--phases", "coverage", "--max-failures", "1")
    assert "Server error" in await found_by_schemathesis(rig, tmp_path, *one)


async def test_every_route_is_described(rig: Rig) -> None:
    status, document = await rig.ask("GET", "/openapi.json")
    assert status == 200
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method in methods:
            more = {"json": {}} if method == "post" else {}
            answered, _ = await rig.ask(method.upper(), path, **more)
            assert answered not in (404, 405)
            assert str(answered) in methods[method]["responses"]
    assert (await rig.ask("GET", "/nothing"))[0] == 404
