"""Sends streamed results to the host: a lone one at once, those of a burst together."""

from __future__ import annotations

import threading
from time import perf_counter, sleep

from aiges.plugin.frame_socket import FrameConnection
from aiges.utils.log import log

FLUSH_TIME_S = 0.0005
"""Results of a burst are held for this long, at most."""

BURST_S = 0.00004
"""Results belong to a burst when the one before came less than this earlier."""

MAX_HELD_BYTES = 1 << 20
"""More is not held, and a message to the host ends with the result that passes this."""


class ResultWriter:
    """Any thread may put results; they leave in the order in which they were put. `put` waits while the host does not
    read. What cannot be sent ends the connection: the host would wait for it."""

    def __init__(self, connection: FrameConnection) -> None:
        self._connection = connection
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
                if burst and (len(self._held) > 1 or self._wake_flusher()):
                    return
        self.flush()

    def flush(self) -> None:
        """Sends what is held."""
        with self._sending:
            while held := self._take_held():
                try:
                    # Serialized messages one after the other are their merger.
                    self._connection.send(held[0] if len(held) == 1 else b"".join(held))
                except OSError as error:
                    # The reader sees the end of the stream as well, and ends all calls.
                    log.debug("results did not reach the host: %s", error)
                    self._close()
                except BaseException:
                    # No memory, for example. Whoever has put the result cannot know whose it was.
                    log.exception("results cannot be sent; the stream to the host ends")
                    self._close()

    def _close(self) -> None:
        self._closed = True
        self._held_something.set()
        self._connection.close()

    def _take_held(self) -> list[bytes]:
        with self._lock:
            count = size = 0
            while count < len(self._held) and size < MAX_HELD_BYTES:
                size += len(self._held[count])
                count += 1
            held, self._held = self._held[:count], self._held[count:]
            self._size -= size
            self._busy = bool(held)
            if held:
                self._last_sent = perf_counter()
            return held

    def _wake_flusher(self) -> bool:
        """Whether there is one: the system may have no thread left."""
        if self._flusher is None:
            flusher = threading.Thread(target=self._flush_loop, name="result-flusher", daemon=True)
            try:
                flusher.start()
            except RuntimeError as error:
                log.warning("each result is sent by itself: %s", error)
                return False
            self._flusher = flusher
        self._held_something.set()
        return True

    def _flush_loop(self) -> None:
        while not self._closed:
            self._held_something.wait()
            self._held_something.clear()
            sleep(FLUSH_TIME_S)
            self.flush()
