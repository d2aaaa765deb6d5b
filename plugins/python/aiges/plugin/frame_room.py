"""How much may wait for the wrapper of a session in this process, where the host is not told what was taken."""

from __future__ import annotations

import threading

from aiges.dto import DataListCls
from aiges.plugin.frames import frame_bytes

MOST_WAITING_BYTES = 256 << 10
"""While more of a session's frames wait, the host's next one is not asked for."""

TAKE_TIMEOUT_S = 60.0
"""A session whose wrapper makes no room in this time is ended."""


class FrameRoom:
    """The receipts of one session. Whoever has put a frame waits here for room before it tells the host so."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bytes = 0
        self._closed = False

    def put(self, frame: DataListCls) -> None:
        """A frame waits from now on."""
        with self._changed:
            self._bytes += frame_bytes(frame)

    def took(self, frame: DataListCls, more: bool) -> None:
        """See `aiges.plugin.frames.Receipts`."""
        with self._changed:
            self._bytes -= frame_bytes(frame)
            self._changed.notify_all()

    def tell(self) -> None:
        """The host is told by the answer to its write."""

    def wait(self) -> bool:
        """Returns when another frame may come; False when the wrapper has made no room in TAKE_TIMEOUT_S."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or self._bytes <= MOST_WAITING_BYTES, TAKE_TIMEOUT_S)

    def close(self) -> None:
        """The session takes no more frames: nobody waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
