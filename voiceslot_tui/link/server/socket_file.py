"""The socket's file: made with the right rights, taken over only when nobody answers on it.

The file appears under its name only once it listens and only its owner (or the group named in
the settings) can open it. A file that is not a dead socket of ours is never removed.
"""

from __future__ import annotations

import grp
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from voiceslot_tui.core.errors import Rejected, SettingProblem, SettingsInvalid
from voiceslot_tui.core.limits import LINK_CLIENTS_MAX

OWNER_ONLY: Final = 0o600
OWNER_AND_GROUP: Final = 0o660
FOLDER_OWNER_ONLY: Final = 0o700
GROUP_PASSES: Final = 0o010
"""The group may reach the socket by its name, and read nothing else in the folder."""
MAKING_NAME: Final = ".s"
"""The name while the file is being made: short, because a socket's path has few characters."""


class SocketFile:
    """A listening socket and its file.

    Opening raises, with what to do, SettingsInvalid where the group does not exist, and Rejected
    where an engine answers already or the place cannot hold a socket.
    """

    def __init__(self, path: Path, group: str = "") -> None:
        self.path = path
        group_id = group_id_of(group)
        _prepare_folder(path.parent, group_id)
        _refuse_if_answered(path)
        self.listening = _listen(path, group_id)
        self._made = path.stat()

    def close(self) -> None:
        """Close the socket, and remove its file unless another engine has put its own there."""
        self.listening.close()
        with suppress(FileNotFoundError):
            there = self.path.stat()
            if (there.st_dev, there.st_ino) == (self._made.st_dev, self._made.st_ino):
                self.path.unlink()


def group_id_of(group: str) -> int | None:
    """Give the number of the group that VOICESLOT_GROUP names; None where it names none.

    Raises SettingsInvalid where this machine has no such group.
    """
    if not group:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        message = f"there is no group {group!r} on this machine; make it, or leave it empty"
        raise SettingsInvalid((SettingProblem("VOICESLOT_GROUP", message),)) from None


def _prepare_folder(folder: Path, group_id: int | None) -> None:
    folder.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise Rejected(f"{folder} belongs to another user; set VOICESLOT_DATA_DIR to your own")
    if group_id is None or (found.st_gid == group_id and found.st_mode & GROUP_PASSES):
        return
    _hand_to_group(folder, group_id)
    folder.chmod(stat.S_IMODE(found.st_mode) | GROUP_PASSES)


def _hand_to_group(path: Path, group_id: int | None) -> None:
    if group_id is None:
        return
    try:
        os.chown(path, -1, group_id)
    except PermissionError:
        raise Rejected(
            f"VOICESLOT_GROUP: {path} cannot be given to that group; "
            "the engine's user must be a member of it"
        ) from None


def _refuse_if_answered(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise Rejected(f"{path} is in the way: it is not a socket; move it elsewhere")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except BlockingIOError:
            pass  # Somebody listens, and many knock.
    raise Rejected(f"an engine already answers at {path}; `voiceslot status` shows it")


def _listen(path: Path, group_id: int | None) -> socket.socket:
    making = path.with_name(MAKING_NAME)
    making.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(os.fspath(making))
        _hand_to_group(making, group_id)
        making.chmod(OWNER_ONLY if group_id is None else OWNER_AND_GROUP)
        listening.setblocking(False)
        listening.listen(LINK_CLIENTS_MAX)
        making.replace(path)
    except OSError as problem:
        listening.close()
        raise Rejected(f"no socket can be made at {path}: {problem.strerror or problem}") from None
    except Rejected:
        listening.close()
        making.unlink(missing_ok=True)
        raise
    return listening
