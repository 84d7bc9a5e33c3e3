"""What a write-ahead log of SQLite holds: where its commits end, and what was copied out of it.

Written after https://www.sqlite.org/walformat.html: a header of 32 bytes with two salts, then
frames of 24 bytes and one page; a frame that ends a commit tells the size of the database.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEADER = 32
_FRAME = 24
_COPY_STARTED_AT = 128
"""In the index beside the log: how many frames a checkpoint has begun to copy into the file."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log as it lies on the disk. `commits` are the offsets at which its commits end."""

    salts: bytes
    commits: tuple[int, ...]
    copied: int
    """Up to this offset its frames may stand in the file already: a power cut cannot take these
    away, because they are safe on the disk before the first page is copied."""

    @property
    def end(self) -> int:
        """Give the end of the last commit."""
        return self.commits[-1] if self.commits else 0

    def whole_before(self, offset: int) -> int:
        """Count the commits that lie whole before an offset."""
        return sum(1 for end in self.commits if end <= offset)


def read_log(content: bytes, index: bytes) -> Log:
    """Read a log and the index (`-shm`) beside it; an empty log has no commits."""
    if len(content) < _HEADER:
        return Log(b"", (), 0)
    page = struct.unpack(">I", content[8:12])[0]
    salts = content[16:24]
    step = _FRAME + page
    commits = []
    for at in range(_HEADER, len(content) - step + 1, step):
        size, found = struct.unpack(">I", content[at + 4 : at + 8])[0], content[at + 8 : at + 16]
        if found != salts:
            break
        if size:
            commits.append(at + step)
    started = struct.unpack("=I", index[_COPY_STARTED_AT : _COPY_STARTED_AT + 4])[0]
    return Log(salts, tuple(commits), _HEADER + started * step if started else 0)
