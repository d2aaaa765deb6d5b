"""One Run stream of plugin protocol 2: requests come in batches, worker threads answer them, answers leave in batches.

Three kinds of threads share one lock. The reader puts requests into `_waiting`. A worker takes a chunk of them,
announces it (`started`) and works. The writer, which is the generator that gRPC iterates over, sends everything that
is ready as one message; when gRPC comes back for more, the message before has been handed over.

The host may give a request to another plugin as long as it was not announced, so a worker begins only after its
announcement was handed over. It need not wait when its request is among the oldest `concurrency` unfinished ones as
the host sees them, because the host counts those as begun anyway; that is how a single request is answered without
delay.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from time import monotonic, perf_counter
from typing import Any, Callable

from aiges.errors import USER_EXEC_ERROR
from aiges.loader import describe_exception
from aiges.request import RequestContext, set_current_request
from aiges.utils.log import log
from aiges.wire.messages import message

HostBatch = message("aiges.plugin.v2.HostBatch")
PluginBatch = message("aiges.plugin.v2.PluginBatch")

MAX_BATCH_BYTES = 1 << 20
"""A message to the host ends with the result that passes this."""

MAX_CHUNK = 64
"""Requests that a worker announces at once."""

CHUNK_TIME_S = 0.005
"""A chunk is what a worker does in about this time, by a moving average."""

SPLIT_TIME_S = 0.0002
"""Work shorter than this is not shared with idle workers: waking them would cost more."""

FLUSH_TIME_S = 0.002
"""A worker lets the writer send what is ready this often: a fast wrapper would keep the interpreter for itself."""

WRITER_CALL_TIME_S = 0.001
"""The writer itself answers a lone request when the wrapper's calls are shorter than this; longer ones would hold up
what else is to be sent."""

STUCK_AFTER_S = 0.01
"""When a worker has not got through its chunk after this time, idle workers take the rest."""


class Job(RequestContext):
    """A request on the stream. `taken` is set when a worker has announced it."""

    __slots__ = ("id", "once", "taken")

    def __init__(self, id: int, once: Any) -> None:
        RequestContext.__init__(self, once.sid, once.timeout_ms)
        self.id = id
        self.once = once
        self.taken = False


def cancelled_result(id: int) -> bytes:
    """The answer to a request that was cancelled before the wrapper began it."""
    batch = PluginBatch()
    batch.results.add(id=id, last=True, code=USER_EXEC_ERROR, message="cancelled before it began")
    return batch.SerializeToString()  # type: ignore[no-any-return]


Execute = Callable[[Job], bytes]
"""Answers a job: a serialized PluginBatch that holds its result. Never raises."""


class RunStream:
    """`execute` answers one job and is called on `concurrency` threads."""

    def __init__(self, execute: Execute, concurrency: int) -> None:
        self._execute = execute
        self._concurrency = concurrency
        lock = threading.Lock()
        self._lock = lock
        self._work = threading.Condition(lock)
        self._outgoing = threading.Condition(lock)
        self._handed_over = threading.Condition(lock)
        self._collected = threading.Condition(lock)
        self._drained = threading.Condition(lock)
        self._open: dict[int, Job] = {}
        self._waiting: deque[Job] = deque()
        self._ready: deque[Job] = deque()
        self._started: list[int] = []
        self._results: deque[bytes] = deque()
        self._announce = False
        self._batches_taken = 0
        self._batches_handed_over = 0
        self._unfinished = 0
        self._idle = 0
        self._writer_idle = False
        self._writer_works = False
        self._call_time_s = 0.0
        self._stopping = False
        self._closed = False

    def start(self, batches: Iterable[Any]) -> None:
        """Starts the reader of `batches` and the workers."""
        threading.Thread(target=self._read, args=(batches,), name="run-reader", daemon=True).start()
        for number in range(self._concurrency):
            threading.Thread(target=self._work_loop, name=f"wrapper-{number}", daemon=True).start()

    def close(self) -> None:
        """The stream has ended: nobody waits for anything any more. Running requests learn that they are cancelled."""
        with self._lock:
            self._closed = True
            for job in self._open.values():
                job.cancelled = True
            self._waiting.clear()
            self._ready.clear()
            for condition in (self._work, self._outgoing, self._handed_over, self._collected, self._drained):
                condition.notify_all()

    def drain(self, grace_s: float) -> None:
        """Begins nothing that was not announced, and waits until all else is answered, at most `grace_s` seconds."""
        end = monotonic() + grace_s
        with self._lock:
            self._stopping = True
            while self._unfinished and not self._closed:
                left = end - monotonic()
                if left <= 0:
                    return
                self._drained.wait(left)

    def batches(self) -> Iterator[bytes]:
        """The writer: serialized PluginBatch messages until the stream is closed."""
        while True:
            with self._lock:
                self._wait_for_output()
                if self._closed:
                    return
                data, results = self._take_output()
                number = self._batches_taken
                self._collected.notify_all()
            yield data
            with self._lock:
                self._batches_handed_over = number
                self._unfinished -= results
                self._handed_over.notify_all()
                if self._stopping and not self._unfinished:
                    self._drained.notify_all()

    def _wait_for_output(self) -> None:
        while not (self._results or self._announce or self._closed):
            if self._suits_writer():
                self._answer_in_writer()
                continue
            self._writer_idle = True
            if not (self._ready and self._idle):
                self._outgoing.wait()
            elif not self._outgoing.wait(STUCK_AFTER_S) and self._ready and self._idle:
                self._work.notify()
            self._writer_idle = False

    def _suits_writer(self) -> bool:
        # Saves waking another thread. Only with one call at a time: no other call can end then while the writer works.
        alone = self._concurrency == 1 == self._idle == len(self._waiting)
        return alone and 0 < self._call_time_s < WRITER_CALL_TIME_S and not self._stopping

    def _answer_in_writer(self) -> None:
        job = self._waiting.popleft()
        if job.cancelled:
            return
        job.taken = True
        self._started.append(job.id)
        self._unfinished += 1
        self._writer_works = True
        self._lock.release()
        try:
            result = self._timed(job)
        finally:
            self._lock.acquire()
            self._writer_works = False
        self._finished(job, result)
        if self._waiting:
            self._work.notify()

    def _take_output(self) -> tuple[bytes, int]:
        parts = []
        if self._started:
            parts.append(PluginBatch(started=self._started).SerializeToString())
            self._started = []
        self._announce = False
        self._batches_taken += 1
        size = results = 0
        while self._results and size < MAX_BATCH_BYTES:
            part = self._results.popleft()
            parts.append(part)
            size += len(part)
            results += 1
        # Serialized messages one after the other are their merger, so a batch needs no copying into one message.
        return (parts[0] if len(parts) == 1 else b"".join(parts)), results

    def _read(self, batches: Iterable[Any]) -> None:
        try:
            for batch in batches:
                with self._lock:
                    for message in batch.messages:
                        if message.HasField("once"):
                            id = message.id
                            self._open[id] = job = Job(id, message.once)
                            self._waiting.append(job)
                        elif message.HasField("cancel"):
                            self._cancel(message.id)
                    if self._waiting and self._idle and not self._writer_works:
                        lone = self._writer_idle and self._suits_writer()
                        (self._outgoing if lone else self._work).notify()
        except Exception as error:
            # gRPC ends the iteration with an exception of its own when the host goes away.
            log.info("the host has ended the stream: %s", describe_exception(error))
        finally:
            self.close()

    def _cancel(self, id: int) -> None:
        job = self._open.get(id)
        if job is None:
            return
        job.cancelled = True
        if job.taken:
            # The host must hear that it was begun, to know that an answer will come.
            self._announce = bool(self._started)
            self._outgoing.notify()
        else:
            # Nobody reads this answer, but it tells the host that the plugin is not busy with the request.
            del self._open[id]
            self._unfinished += 1
            self._results.append(cancelled_result(id))
            self._outgoing.notify()

    def _work_loop(self) -> None:
        flushed = perf_counter()
        while True:
            if not self._ready:
                flushed = perf_counter()
            job = self._next_job()
            if job is None:
                return
            result = self._timed(job)
            with self._lock:
                self._finished(job, result)
                self._outgoing.notify()
                if self._ready and perf_counter() - flushed > FLUSH_TIME_S:
                    number = self._batches_taken
                    while self._batches_taken == number and not self._closed:
                        self._collected.wait()
                    flushed = perf_counter()

    def _timed(self, job: Job) -> bytes:
        began = perf_counter()
        set_current_request(job)
        result = self._execute(job)
        self._call_time_s += (perf_counter() - began - self._call_time_s) * 0.1
        return result

    def _finished(self, job: Job, result: bytes) -> None:
        self._results.append(result)
        self._open.pop(job.id, None)

    def _next_job(self) -> Job | None:
        try:
            return self._ready.popleft()
        except IndexError:
            pass
        with self._lock:
            while True:
                if self._closed:
                    return None
                if self._ready:
                    return self._ready.popleft()
                chunk = [] if self._stopping or self._writer_works else self._take_chunk()
                if chunk:
                    return chunk[0] if self._announced(chunk) else None
                self._idle += 1
                self._work.wait()
                self._idle -= 1

    def _take_chunk(self) -> list[Job]:
        waiting = self._waiting
        left = self._chunk_size(len(waiting))
        chunk = []
        while waiting and left:
            job = waiting.popleft()
            if not job.cancelled:
                job.taken = True
                chunk.append(job)
                left -= 1
        if waiting and self._idle:
            self._work.notify()
        return chunk

    def _chunk_size(self, waiting: int) -> int:
        time_s = self._call_time_s
        if not time_s:
            return 1
        share = max(-(-waiting // (self._idle + 1)), int(SPLIT_TIME_S / time_s))
        return max(1, min(MAX_CHUNK, int(CHUNK_TIME_S / time_s), share))

    def _announced(self, chunk: list[Job]) -> bool:
        """Announces the chunk; returns True when its first request may begin, the others being in `_ready`."""
        self._started.extend([job.id for job in chunk])
        at_once = len(chunk) == 1 and self._unfinished < self._concurrency
        self._unfinished += len(chunk)
        if at_once:
            return True
        self._announce = True
        self._outgoing.notify()
        number = self._batches_taken + 1
        while self._batches_handed_over < number:
            if self._closed:
                return False
            self._handed_over.wait()
        self._ready.extend(chunk[1:])
        return True
