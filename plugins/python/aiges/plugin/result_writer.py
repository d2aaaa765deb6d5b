"""Sends streamed results to the host: a lone one at once, those of a burst together."""

from __future__ import annotations

import threading
from time import perf_counter, sleep
from typing import Callable

from aiges.utils.log import log

FLUSH_TIME_S = 0.0005
"""Results of a burst are held for this long, at most."""

BURST_S = 0.00004
"""Results belong to a burst when the one before came less than this earlier."""

MAX_HELD_BYTES = 1 << 20
"""More is not held."""


class ResultWriter:
    """Any thread may put results; they leave in the order in which they were put. `put` waits while the host does not
    read."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._held: list[bytes] = []
        # Whether a thread sends at the moment: it takes along what is put meanwhile, so that no other waits for it.
        self._busy = False
        self._size = 0
        self._last_put = 0.0
        self._last_sent = 0.0
        self._held_something = threading.Event()
        self._flusher: threading.Thread | None = None
        self._closed = False

    def put(self, data: bytes) -> None:
        """Sends a serialized PluginBatch within FLUSH_TIME_S."""
        now = perf_counter()
        with self._lock:
            self._held.append(data)
            self._size += len(data)
            burst = now - self._last_put < BURST_S and now - self._last_sent < FLUSH_TIME_S
            self._last_put = now
            if self._size < MAX_HELD_BYTES and not self._closed:
                if self._busy:
                    return
                if burst:
                    if len(self._held) == 1:
                        self._wake_flusher()
                    return
        self.flush()

    def flush(self) -> None:
        """Sends what is held."""
        with self._sending:
            while held := self._take_held():
                try:
                    # Serialized messages one after the other are their merger.
                    self._send(held[0] if len(held) == 1 else b"".join(held))
                except OSError as error:
                    # The reader sees the end of the stream as well, and ends all calls.
                    log.debug("results did not reach the host: %s", error)
                    self._closed = True
                    self._held_something.set()

    def _take_held(self) -> list[bytes]:
        with self._lock:
            held, self._held = self._held, []
            self._size = 0
            self._busy = bool(held)
            if held:
                self._last_sent = perf_counter()
            return held

    def _wake_flusher(self) -> None:
        if self._flusher is None:
            self._flusher = threading.Thread(target=self._flush_loop, name="result-flusher", daemon=True)
            self._flusher.start()
        self._held_something.set()

    def _flush_loop(self) -> None:
        while not self._closed:
            self._held_something.wait()
            self._held_something.clear()
            sleep(FLUSH_TIME_S)
            self.flush()
