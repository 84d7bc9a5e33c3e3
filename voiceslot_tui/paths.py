"""Where the files of one engine live: database, log and socket, in one private folder.

An engine and its consoles find each other by this folder alone, so everything here follows from it
and from nothing else. A folder that others can write to is refused: they could swap the database.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import warnings
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import platformdirs

from voiceslot_tui.core.errors import StoreUnusable

_NAME: Final = "voiceslot"
_SOCKET_BYTES_MAX: Final = 103
"""The shortest limit among systems for the path of a Unix socket, its end mark not counted."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of the engine whose data lies in `folder`, an absolute path."""

    folder: Path

    @property
    def database(self) -> Path:
        """Give the SQLite file; the store keeps its lock beside it."""
        return self.folder / "voiceslot.db"

    @property
    def log(self) -> Path:
        """Give the log of the engine; older ones stand beside it as .1, .2 and so on."""
        return self.folder / "voiceslot.log"

    @property
    def socket(self) -> Path:
        """Give the engine's socket: in the folder, or in the runtime folder if the path is long.

        There its name is a digest of the folder's real path, so that both sides come to the same.
        """
        near = self.folder / "voiceslot.sock"
        if len(os.fsencode(near)) <= _SOCKET_BYTES_MAX:
            return near
        digest = sha256(os.fsencode(self.folder.resolve())).hexdigest()[:16]
        return _runtime_folder() / f"{digest}.sock"


def paths(data_dir: Path | None = None) -> Paths:
    """Give the paths below a data folder; None means the user's usual one."""
    folder = data_dir or platformdirs.user_data_path(_NAME, appauthor=False)
    return Paths(folder.expanduser().absolute())


def _runtime_folder(*, made: bool = False) -> Path:
    # The library warns where the session has no runtime folder and takes one below /tmp, after a
    # look at its owner; that is what we want.
    with warnings.catch_warnings(action="ignore"):
        try:
            return platformdirs.user_runtime_path(_NAME, appauthor=False, ensure_exists=made)
        except OSError as problem:
            raise StoreUnusable(
                f"No folder for a socket: {problem}. Set VOICESLOT_DATA_DIR to a shorter path."
            ) from problem


def make_folders(places: Paths, group_id: int | None = None) -> None:
    """Make the folders of an engine, readable by nobody else.

    With a group, its members may pass through the data folder to the socket, without listing it. A
    folder that was there keeps its mode. Raises StoreUnusable where a folder cannot be made or can
    be written to by others.
    """
    try:
        _make_folder(places.folder, group_id)
    except OSError as problem:
        raise StoreUnusable(
            f"The folder {places.folder} cannot be used: {problem.strerror}. "
            "Set VOICESLOT_DATA_DIR to a folder of your own."
        ) from problem
    if places.socket.parent != places.folder:
        _runtime_folder(made=True)


def _make_folder(folder: Path, group_id: int | None) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        writers = _foreign_writers(folder.stat())
        if writers:
            raise StoreUnusable(
                f"The folder {folder} can be written to by {writers}, who could swap the database. "
                "Set VOICESLOT_DATA_DIR to a folder of your own, or take that right away where it "
                "is yours (chmod go-w)."
            ) from None
        return
    if group_id is not None:
        os.chown(folder, -1, group_id)
        folder.chmod(0o710)


def _foreign_writers(found: os.stat_result) -> str:
    """Say who else may write to a folder; nobody is an empty word."""
    if found.st_mode & 0o002:
        return "every user of this machine"
    if found.st_mode & 0o020 and not _is_own_group(found.st_gid):
        return "other users of its group"
    return ""


def _is_own_group(group_id: int) -> bool:
    """Tell whether a group is a user's own: many systems give each user one of the same name."""
    try:
        group, user = grp.getgrgid(group_id), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
