"""What a session of plugin protocol 2 tells the host: its results, that it was created, and which frames were taken."""

from __future__ import annotations

import threading
from typing import Callable

from aiges.dto import DataListCls
from aiges.plugin.frames import frame_bytes
from aiges.plugin.results import StreamedResults, frames_taken, started

MOST_UNTOLD_BYTES = 1 << 16
"""Frames of more bytes are not taken without telling the host, which sends at most four times as much ahead."""


class SessionResults(StreamedResults):
    """Results carry with them how many frames were taken, so that telling it costs no message of its own while there
    are results. Any thread may use it."""

    def __init__(self, id: int, send: Callable[[bytes], None]) -> None:
        super().__init__(id, self._send_with_taken)
        self._put = send
        self._one_taken = frames_taken(id, 1)
        self._lock = threading.Lock()
        self._frames = 0
        self._bytes = 0
        self._more = False

    def created(self) -> None:
        """The wrapper has created the session: frames may come."""
        self._put(started(self._id))

    def took(self, frame: DataListCls, more: bool) -> None:
        """The wrapper took a frame, or it was dropped; `more` says whether another one is there already."""
        size = frame_bytes(frame)
        with self._lock:
            self._frames += 1
            self._bytes += size
            self._more = more
        if self._bytes >= MOST_UNTOLD_BYTES:
            self.tell()

    def tell(self) -> None:
        """Tells the host what was not told yet. Called, at the latest, before the wrapper waits for a frame."""
        taken = self._untold()
        if taken:
            self._put(taken)

    def _send_with_taken(self, message: bytes) -> None:
        # With the result of the last frame that is there, so that a host which waits for room learns of it soon.
        # Serialized messages one after the other are their merger.
        self._put(message if self._more else message + self._untold())

    def _untold(self) -> bytes:
        if not self._frames:
            return b""
        with self._lock:
            frames, self._frames = self._frames, 0
            self._bytes = 0
        return self._one_taken if frames == 1 else frames_taken(self._id, frames)
