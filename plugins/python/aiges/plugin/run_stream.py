"""The requests of plugin protocol 2: they come in batches, are answered in order, and their answers leave in batches.

The reader takes batches off the stream. While the wrapper's calls are short, the reader answers them itself, because
handing a request to another thread takes longer than such a call; otherwise `concurrency` workers do, and always where
one of the requests that wait calls what may take its time: a generator or a coroutine. A watchman looks
after both: when a call that ought to be short is not, it has another thread go on reading, so that the host's cancel is
heard, and sends what was answered before that call.

The host may give a request to another plugin unless it was announced (`started`) or is among the oldest `concurrency`
unfinished ones. A thread that takes one request at a time therefore announces nothing: it begins in order and sends an
answer before it takes the next. Several requests that are taken at once are announced first. So is what begins while
the host may not know yet that an older request was cancelled.
"""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic, perf_counter, sleep
from typing import Any, Callable

from aiges.context import set_current
from aiges.loader import describe_exception
from aiges.plugin.batch_executor import BatchExecutor
from aiges.plugin.frame_socket import FrameConnection
from aiges.plugin.job import Job
from aiges.plugin.results import HostBatch, PluginBatch, cancelled_result
from aiges.plugin.sessions import Sessions
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
"""The watchman goes to sleep after so many rounds in which nothing needed watching."""


Execute = Callable[[Job], bytes]
"""Answers a job: a serialized PluginBatch that holds its result. Never raises."""


class RunStream:
    """`execute` answers one job, on at most `concurrency` threads at a time; `sessions` are served beside them.

    Calls of `long_methods` (empty: the plain call) are never made by the reader, and are taken one at a time. With
    `batches` no call is made by the reader, and those that wait together are answered together.
    """

    def __init__(
        self,
        execute: Execute,
        concurrency: int,
        connection: FrameConnection,
        sessions: Sessions | None = None,
        long_methods: frozenset[str] = frozenset(),
        batches: BatchExecutor | None = None,
    ) -> None:
        self._execute = execute
        self._sessions = sessions
        self._batches = batches
        self._long_methods = long_methods
        self._by_reader = concurrency == 1 and batches is None
        self._concurrency = concurrency
        self._connection = connection
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._drained = threading.Condition(self._lock)
        self._open: dict[int, Job] = {}
        self._waiting: deque[Job] = deque()
        self._cancelling = False
        self._busy = 0
        self._call_time_s = 0.0
        self._stopping = False
        self._closed = False
        self._reader: object = None
        self._reader_began: float | None = None
        self._finished: list[bytes] | None = None
        self._finished_lock = threading.Lock()
        self._watched = 0
        self._watchman_awake = False
        self._watch = threading.Event()

    def run(self) -> None:
        """Reads and answers until the connection ends, or until another thread of this object has taken that over."""
        for number in range(self._concurrency):
            threading.Thread(target=self._work_loop, name=f"wrapper-{number}", daemon=True).start()
        if self._by_reader:
            threading.Thread(target=self._watch_loop, name="watchman", daemon=True).start()
        self._read()

    def close(self) -> None:
        """Ends the connection: nobody waits for anything any more. Running requests learn that they are cancelled."""
        with self._lock:
            self._closed = True
            for job in self._open.values():
                job.cancel()
            self._waiting.clear()
            self._work.notify_all()
            self._drained.notify_all()
        self._watch.set()
        # A host that still believes in this plugin learns that it is of no use.
        self._connection.close()
        if self._sessions is not None:
            self._sessions.cancel_all()

    def drain(self, grace_s: float) -> None:
        """Begins nothing more, and waits until what was begun is answered, at most `grace_s` seconds. Sessions that are
        open then are ended."""
        end = monotonic() + grace_s
        with self._lock:
            self._stopping = True
            # Who waits for others to be in a batch with need not wait any longer.
            self._work.notify_all()
            self._drained.wait_for(lambda: not self._busy or self._closed, max(0.0, grace_s))
        if self._sessions is not None:
            self._sessions.drain(end)

    def _read(self) -> None:
        self._reader = me = object()
        try:
            while (frame := self._connection.receive()) is not None:
                if self._accept(HostBatch.FromString(frame)):
                    self._watch_over_me()
                    self._answer_waiting()
                    if self._reader is not me:
                        return
        except OSError as error:
            log.info("the stream from the host has ended: %s", describe_exception(error))
        except Exception:
            log.exception("the stream from the host cannot be read")
        finally:
            if self._reader is me:
                self.close()

    def _accept(self, batch: Any) -> bool:
        """Puts requests into the queue; returns True when the reader shall answer them."""
        cancelled: list[int] = []
        controls: list[Any] = []
        long_methods = self._long_methods
        with self._lock:
            for item in batch.messages:
                kind = item.WhichOneof("kind")
                if kind == "once":
                    id = item.id
                    self._open[id] = job = Job(id, item.once, item.once.method in long_methods)
                    self._waiting.append(job)
                elif kind == "cancel" and self._cancel(item.id):
                    cancelled.append(item.id)
                elif kind == "flow" and item.id in self._open:
                    self._open[item.id].set_paused(item.flow.paused)
                elif self._sessions is not None:
                    controls.append(item)
            self._cancelling = bool(cancelled)
            by_reader = self._schedule()
        if cancelled:
            # Nobody reads these answers, but they tell the host that the plugin is not busy with the requests. Sent
            # without the lock, which a host that does not read would else keep from everybody.
            self._send(b"".join(map(cancelled_result, cancelled)))
            self._cancelling = False
        if self._sessions is not None:
            for item in controls:
                self._sessions.handle(item)
        return by_reader

    def _schedule(self) -> bool:
        """Decides who answers what waits; returns True when it is the reader."""
        waiting = len(self._waiting)
        if not waiting or self._stopping:
            return False
        time_s = self._call_time_s
        if (
            self._by_reader
            and not self._busy
            and 0 < time_s < READER_CALL_TIME_S
            and waiting * time_s < READER_WORK_TIME_S
            and not any(job.long for job in self._waiting)
        ):
            self._busy = 1
            self._reader_began = perf_counter()
            return True
        self._work.notify(min(waiting, self._concurrency))
        return False

    def _cancel(self, id: int) -> bool:
        """Marks a request; returns True when it was still waiting and has therefore come to its end."""
        job = self._open.get(id)
        if job is None:
            return False
        job.cancel()
        if job.taken:
            return False
        # It stays in the queue until its turn, but without its payloads.
        job.once = None
        del self._open[id]
        return True

    def _work_loop(self) -> None:
        try:
            while True:
                with self._lock:
                    while self._busy >= self._concurrency or not self._waiting or self._stopping:
                        if self._closed:
                            return
                        self._work.wait()
                    self._busy += 1
                self._answer_waiting()
        finally:
            # Without this worker the plugin would look alive and answer nothing.
            self.close()

    def _answer_waiting(self) -> None:
        """Answers what waits until nothing does; the caller has raised `_busy`."""
        while True:
            with self._lock:
                chunk = self._take_chunk()
                if not chunk:
                    self._busy -= 1
                    self._reader_began = None
                    self._drained.notify_all()
                    return
            if len(chunk) > 1 or self._cancelling:
                self._send(PluginBatch(started=[job.id for job in chunk]).SerializeToString())
            if self._batches is not None and self._batches.takes(chunk[0]):
                self._answer_batch(chunk, self._batches)
            elif len(chunk) == 1:
                self._send(self._answer(chunk[0]))
            else:
                self._answer_chunk(chunk)

    def _take_chunk(self) -> list[Job]:
        if self._batches is not None:
            return self._take_batch(self._batches)
        chunk: list[Job] = []
        if self._stopping or self._closed:
            return chunk
        time_s = self._call_time_s
        size = int(CHUNK_TIME_S / time_s) if time_s and self._by_reader else 1
        size = max(1, min(MAX_CHUNK, size))
        waiting = self._waiting
        while waiting and len(chunk) < size and not (chunk and (chunk[0].long or waiting[0].long)):
            job = waiting.popleft()
            if not job.cancelled:
                job.taken = True
                chunk.append(job)
        return chunk

    def _take_batch(self, batches: BatchExecutor) -> list[Job]:
        self._wait_for_others(batches)
        batch: list[Job] = []
        while len(batch) < batches.size and (job := self._first_waiting()) is not None:
            alone = not batches.takes(job)
            if alone and batch:
                break
            self._waiting.popleft()
            job.taken = True
            batch.append(job)
            if alone:
                break
        return batch

    def _wait_for_others(self, batches: BatchExecutor) -> None:
        """Returns when the batch is full, or its oldest request has waited for long enough."""
        while (job := self._first_waiting()) is not None and batches.takes(job):
            left = job.waited_until(batches.delay_s) - monotonic()
            if left <= 0 or len(self._waiting) >= batches.size:
                return
            self._work.wait(left)

    def _first_waiting(self) -> Job | None:
        """The request that comes next, those that were cancelled having been dropped."""
        waiting = self._waiting
        while waiting and waiting[0].cancelled:
            waiting.popleft()
        return waiting[0] if waiting and not (self._stopping or self._closed) else None

    def _answer_batch(self, batch: list[Job], batches: BatchExecutor) -> None:
        results = batches(batch)
        held: list[bytes] = []
        size = 0
        for job, result in zip(batch, results):
            self._open.pop(job.id, None)
            held.append(result)
            size += len(result)
            if size > MAX_BATCH_BYTES:
                self._send(b"".join(held))
                held, size = [], 0
        if held:
            self._send(b"".join(held))

    def _answer(self, job: Job) -> bytes:
        set_current(job)
        began = perf_counter()
        result = self._execute(job)
        if not job.long:
            self._call_time_s += (perf_counter() - began - self._call_time_s) * 0.1
        set_current(None)
        self._open.pop(job.id, None)
        return result

    def _answer_chunk(self, chunk: list[Job]) -> None:
        # The watchman may send what is in this list at any time; only this thread adds to it.
        finished: list[bytes] = []
        self._finished = finished
        self._watch_over_me()
        size = 0
        flushed = perf_counter()
        for job in chunk:
            if finished and (size > MAX_BATCH_BYTES or perf_counter() - flushed > FLUSH_TIME_S):
                self._send_finished(finished)
                size = 0
                flushed = perf_counter()
            result = self._answer(job)
            finished.append(result)
            size += len(result)
        self._finished = None
        self._send_finished(finished)

    def _send_finished(self, finished: list[bytes]) -> None:
        # The lock is held while sending: a thread that finds nothing left to send knows that all has been sent.
        with self._finished_lock:
            count = len(finished)
            if count:
                # Serialized messages one after the other are their merger, so nothing is copied into one message.
                self._send(b"".join(finished[:count]))
                del finished[:count]

    def _send(self, data: bytes) -> None:
        try:
            self._connection.send(data)
        except OSError as error:
            log.debug("an answer did not reach the host: %s", error)
            self.close()
        except BaseException:
            # No memory, for example: the host would wait for the answer.
            log.exception("an answer cannot be sent; the stream to the host ends")
            self.close()

    def _watch_over_me(self) -> None:
        # In this order, as the watchman looks the other way round: one of the two threads sees the other.
        self._watched += 1
        if not self._watchman_awake:
            self._watch.set()

    def _watch_loop(self) -> None:
        while not self._closed:
            self._watch.wait()
            self._watch.clear()
            self._watchman_awake = True
            quiet = 0
            seen = self._watched
            while quiet < _WATCH_ROUNDS and not self._closed:
                sleep(WATCH_TIME_S)
                idle = self._watched == seen and self._reader_began is None and self._finished is None
                quiet = quiet + 1 if idle else 0
                seen = self._watched
                self._replace_stuck_reader()
                finished = self._finished
                if finished:
                    self._send_finished(finished)
            self._watchman_awake = False
            if self._watched != seen:
                self._watch.set()

    def _replace_stuck_reader(self) -> None:
        with self._lock:
            began = self._reader_began
            if began is None or perf_counter() - began < READER_WORK_TIME_S + WATCH_TIME_S:
                return
            # The old reader finds out when it has answered what waits, and ends. Until then it is not reading.
            self._reader_began = None
            self._reader = None
        threading.Thread(target=self._read, name="run-reader", daemon=True).start()
