"""Where the files live: private folders, and a socket whose path fits."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

import pytest

from voiceslot_tui.core.errors import StoreUnusable
from voiceslot_tui.paths import make_folders, paths


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_all_files_stand_in_one_folder(tmp_path: Path) -> None:
    found = paths(tmp_path)
    names = [path.name for path in (found.database, found.log, found.socket)]
    assert names == ["voiceslot.db", "voiceslot.log", "voiceslot.sock"]
    assert {found.database.parent, found.log.parent} == {tmp_path}


def test_the_usual_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in paths().folder.parents


def test_a_relative_folder_is_made_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths(Path("here")).folder == tmp_path / "here"


def test_folders_are_made_for_us_alone(tmp_path: Path) -> None:
    places = paths(tmp_path / "a" / "b")
    make_folders(places)
    assert mode(places.folder) == 0o700
    make_folders(places)


def test_a_group_may_pass_through_without_looking(tmp_path: Path) -> None:
    places = paths(tmp_path / "shared")
    make_folders(places, group_id=os.getgid())
    assert mode(places.folder) == 0o710
    assert places.folder.stat().st_gid == os.getgid()


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o750)
    folder.chmod(0o750)
    make_folders(paths(folder))
    assert mode(folder) == 0o750


def test_a_folder_that_everybody_can_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o1777)
    with pytest.raises(StoreUnusable, match="every user"):
        make_folders(paths(folder))


@pytest.mark.parametrize("name", ["own", "another"])
def test_a_folder_that_a_group_can_write_to_is_for_its_owner_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o770)
    user = pwd.getpwuid(os.geteuid())
    group = grp.struct_group((user.pw_name if name == "own" else name, "", os.getgid(), []))
    monkeypatch.setattr(grp, "getgrgid", lambda _: group)
    if name == "own":
        make_folders(paths(folder))
    else:
        with pytest.raises(StoreUnusable, match=r"its group.*chmod go-w"):
            make_folders(paths(folder))


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_the_way_is_said(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable, match=r"cannot be used.*VOICESLOT_DATA_DIR"):
        make_folders(paths(tmp_path / "file" / below))


@pytest.mark.parametrize("length", [103, 104, 200])
def test_a_path_too_long_for_a_socket_goes_to_the_runtime_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, length: int
) -> None:
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    folder = Path("/d" + "x" * (length - len("/d/voiceslot.sock")))
    near = folder / "voiceslot.sock"
    assert len(os.fsencode(near)) == length
    socket = paths(folder).socket
    assert (socket == near) == (length <= 103)
    assert socket == paths(folder).socket
    if socket != near:
        assert runtime in socket.parents
        assert socket != paths(Path(f"{folder}y")).socket


def test_the_runtime_folder_is_made_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    places = paths(tmp_path / ("x" * 100))
    make_folders(places)
    assert places.socket.parent.is_dir()
    assert mode(places.socket.parent) == 0o700
