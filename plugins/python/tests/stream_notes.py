"""Lets the wrapper of a test tell what it does, over a FIFO."""

from __future__ import annotations

import os
import select

from tests.support import TIMEOUT_S

NOTE = """
import threading
from aiges import context
_path = {}
def note(text):
    with open(_path["notes"], "a") as fifo:
        fifo.write(text + "\\n")
class Noting(Base):
    def wrapperInit(self, config):
        _path.update(config)
        return 0
    def wrapperOnceExec(self, params, reqData):
        return answer(b"once")
    def wrapperError(self, ret):
        return f"text of {ret}"
"""
"""What the wrapper.py of such a test begins with: `note(text)` and a base class."""


class Notes:
    """The FIFO; give its `path` to the wrapper as the configuration `notes`."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "notes")
        os.mkfifo(self.path)
        # Open for both directions, so that it never comes to an end.
        self._fd = os.open(self.path, os.O_RDWR)
        self._lines: list[str] = []
        self._rest = ""

    def close(self) -> None:
        os.close(self._fd)

    def next(self) -> str:
        """Waits for the next note."""
        while not self._lines:
            if not select.select([self._fd], [], [], TIMEOUT_S)[0]:
                raise AssertionError("the wrapper has noted nothing")
            self._read()
        return self._lines.pop(0)

    def rest(self) -> list[str]:
        """The notes that are there and were not taken yet."""
        while select.select([self._fd], [], [], 0)[0]:
            self._read()
        lines, self._lines = self._lines, []
        return lines

    def _read(self) -> None:
        *lines, self._rest = (self._rest + os.read(self._fd, 65536).decode()).split("\n")
        self._lines.extend(lines)
