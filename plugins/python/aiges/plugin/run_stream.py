"""The requests of plugin protocol 2: they come in batches, are answered in order, and their answers leave in batches.

The reader takes batches off the stream. While the wrapper's calls are short, the reader answers them itself, because
handing a request to another thread takes longer than such a call; otherwise `concurrency` workers do. A watchman looks
after the reader: when a call that ought to be short is not, another thread goes on reading, so that the host's cancel
is heard.

The host may give a request to another plugin unless it was announced (`started`) or is among the oldest `concurrency`
unfinished ones. A thread that takes one request at a time therefore announces nothing: it begins in order and sends an
answer before it takes the next. Several requests that are taken at once are announced first.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from time import monotonic, perf_counter, sleep
from typing import Any, Callable

from aiges.loader import describe_exception
from aiges.plugin.call import Call
from aiges.plugin.result_writer import ResultWriter
from aiges.plugin.results import HostBatch, PluginBatch, cancelled_result
from aiges.plugin.sessions import Sessions
from aiges.request import set_current_request
from aiges.utils.log import log

MAX_BATCH_BYTES = 1 << 20
"""A message to the host ends with the result that passes this."""

MAX_CHUNK = 64
"""Requests that are taken at once, at most."""

CHUNK_TIME_S = 0.005
"""A chunk is what is done in about this time, by a moving average: a crash fails no more than that."""

FLUSH_TIME_S = 0.0005
"""Answers of a chunk leave this often, so that the host works on them meanwhile."""

READER_CALL_TIME_S = 0.001
"""The reader answers requests itself while the wrapper's calls are shorter than this."""

READER_WORK_TIME_S = 0.01
"""And while all that waits is done in this time."""

WATCH_TIME_S = 0.02
"""A call of the reader's that lasts longer than this gets it a successor."""

_WATCH_ROUNDS = 50
"""The watchman goes to sleep after so many rounds without a call by the reader."""


class Job(Call):
    """A once request on the stream. `taken` is set when it is about to be answered."""

    __slots__ = ("id", "once", "taken")

    def __init__(self, id: int, once: Any) -> None:
        Call.__init__(self, once.sid, once.timeout_ms)
        self.id = id
        self.once = once
        self.taken = False


Execute = Callable[[Job], bytes]
"""Answers a job: a serialized PluginBatch that holds its result. Never raises."""


class RunStream:
    """`execute` answers one job, on at most `concurrency` threads at a time; `send` takes what goes to the host.
    `sessions` are served beside them. Calls that are `long` get a worker each, so that the reader always reads."""

    def __init__(
        self,
        execute: Execute,
        concurrency: int,
        send: Callable[[bytes], None],
        sessions: Sessions,
        writer: ResultWriter,
        long: bool,
    ) -> None:
        self._execute = execute
        self._sessions = sessions
        self._writer = writer
        self._one_by_one = long or concurrency > 1
        self._concurrency = concurrency
        self._send_bytes = send
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._drained = threading.Condition(self._lock)
        self._open: dict[int, Job] = {}
        self._waiting: deque[Job] = deque()
        self._busy = 0
        self._call_time_s = 0.0
        self._stopping = False
        self._closed = False
        self._reader: object = None
        self._reader_calls = 0
        self._reader_began: float | None = None
        self._watchman_awake = False
        self._watch = threading.Event()

    def run(self, frames: Iterator[bytes]) -> None:
        """Answers the requests in `frames` until they end. Workers are threads of this object's own."""
        for number in range(self._concurrency):
            threading.Thread(target=self._work_loop, name=f"wrapper-{number}", daemon=True).start()
        if not self._one_by_one:
            threading.Thread(target=self._watch_loop, args=(frames,), name="watchman", daemon=True).start()
        self._read(frames)

    def close(self) -> None:
        """Nobody waits for anything any more. Running requests learn that they are cancelled."""
        with self._lock:
            self._closed = True
            for job in self._open.values():
                job.cancel()
            self._waiting.clear()
            self._work.notify_all()
            self._drained.notify_all()
        self._sessions.cancel_all()
        self._writer.close()
        self._watch.set()

    def drain(self, grace_s: float) -> None:
        """Begins nothing more, and waits until what was begun is answered, at most `grace_s` seconds. Sessions that are
        still open then are destroyed."""
        end = monotonic() + grace_s
        with self._lock:
            self._stopping = True
            self._drained.wait_for(lambda: not self._busy or self._closed, max(0.0, grace_s))
        self._sessions.drain(end)
        self._writer.flush()

    def _read(self, frames: Iterator[bytes]) -> None:
        self._reader = me = object()
        try:
            for frame in frames:
                if self._accept(HostBatch.FromString(frame)):
                    self._answer_as_reader()
                    if self._reader is not me:
                        return
        except Exception as error:
            log.info("the stream from the host has ended: %s", describe_exception(error))
        finally:
            if self._reader is me:
                self.close()

    def _accept(self, batch: Any) -> bool:
        """Puts requests into the queue; returns True when the reader shall answer them."""
        with self._lock:
            for message in batch.messages:
                if message.HasField("once"):
                    id = message.id
                    self._open[id] = job = Job(id, message.once)
                    self._waiting.append(job)
                else:
                    self._control(message)
            waiting = len(self._waiting)
            if not waiting or self._stopping:
                return False
            time_s = self._call_time_s
            if (
                not self._one_by_one
                and not self._busy
                and 0 < time_s < READER_CALL_TIME_S
                and waiting * time_s < READER_WORK_TIME_S
            ):
                self._busy = 1
                return True
            self._work.notify(min(waiting, self._concurrency))
            return False

    def _control(self, message: Any) -> None:
        id = message.id
        kind = message.WhichOneof("kind")
        if kind == "write":
            self._sessions.write(id, message.write.payloads)
        elif kind == "open":
            self._sessions.open(id, message.open)
        elif kind == "close":
            self._sessions.cancel(id)
        elif kind == "cancel":
            self._sessions.cancel(id)
            self._cancel(id)
        elif kind == "flow":
            self._sessions.set_paused(id, message.flow.paused)
            job = self._open.get(id)
            if job is not None:
                job.set_paused(message.flow.paused)

    def _cancel(self, id: int) -> None:
        job = self._open.get(id)
        if job is None:
            return
        job.cancel()
        if not job.taken:
            # Nobody reads this answer, but it tells the host that the plugin is not busy with the request.
            del self._open[id]
            self._send(cancelled_result(id))

    def _work_loop(self) -> None:
        while True:
            with self._lock:
                while self._busy >= self._concurrency or not self._waiting or self._stopping:
                    if self._closed:
                        return
                    self._work.wait()
                self._busy += 1
            self._answer_waiting()

    def _answer_as_reader(self) -> None:
        if not self._watchman_awake:
            self._watch.set()
        self._reader_calls += 1
        self._reader_began = perf_counter()
        self._answer_waiting()
        self._reader_began = None

    def _answer_waiting(self) -> None:
        """Answers what waits until nothing does; the caller has raised `_busy`."""
        while True:
            with self._lock:
                chunk = self._take_chunk()
                if not chunk:
                    self._busy -= 1
                    self._drained.notify_all()
                    return
            if len(chunk) > 1:
                self._send(PluginBatch(started=[job.id for job in chunk]).SerializeToString())
            self._answer(chunk)

    def _take_chunk(self) -> list[Job]:
        chunk: list[Job] = []
        if self._stopping or self._closed:
            return chunk
        time_s = self._call_time_s
        size = int(CHUNK_TIME_S / time_s) if time_s and not self._one_by_one else 1
        size = max(1, min(MAX_CHUNK, size))
        waiting = self._waiting
        while waiting and len(chunk) < size:
            job = waiting.popleft()
            if not job.cancelled:
                job.taken = True
                chunk.append(job)
        return chunk

    def _answer(self, chunk: list[Job]) -> None:
        # Serialized messages one after the other are their merger, so a batch needs no copying into one message.
        results: list[bytes] = []
        size = 0
        flushed = perf_counter()
        for job in chunk:
            began = perf_counter()
            if began - flushed > FLUSH_TIME_S and results:
                self._send(b"".join(results))
                results.clear()
                size = 0
                flushed = began
            set_current_request(job)
            result = self._execute(job)
            self._call_time_s += (perf_counter() - began - self._call_time_s) * 0.1
            self._open.pop(job.id, None)
            results.append(result)
            size += len(result)
            if size > MAX_BATCH_BYTES:
                self._send(b"".join(results))
                results.clear()
                size = 0
        if results:
            self._send(results[0] if len(results) == 1 else b"".join(results))

    def _send(self, data: bytes) -> None:
        try:
            self._send_bytes(data)
        except OSError as error:
            # The reader sees the end of the stream as well, and closes.
            log.debug("an answer did not reach the host: %s", error)

    def _watch_loop(self, frames: Iterator[bytes]) -> None:
        while not self._closed:
            self._watch.wait()
            self._watch.clear()
            self._watchman_awake = True
            quiet = 0
            seen = self._reader_calls
            while quiet < _WATCH_ROUNDS and not self._closed:
                sleep(WATCH_TIME_S)
                quiet = quiet + 1 if self._reader_calls == seen and self._reader_began is None else 0
                seen = self._reader_calls
                self._replace_stuck_reader(frames)
            self._watchman_awake = False
            if self._reader_calls != seen:
                self._watch.set()

    def _replace_stuck_reader(self, frames: Iterator[bytes]) -> None:
        began = self._reader_began
        if began is None or perf_counter() - began < READER_WORK_TIME_S + WATCH_TIME_S:
            return
        self._reader_began = None
        # The old reader finds out when its call returns, and ends. It is not reading, so `frames` is free.
        self._reader = None
        threading.Thread(target=self._read, args=(frames,), name="run-reader", daemon=True).start()
