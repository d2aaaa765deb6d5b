"""The open sessions of plugin protocol 2, by the id that the host gave them and by the names that a wrapper uses."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any, Union

from aiges.dto import Response
from aiges.errors import USER_EXEC_ERROR
from aiges.loader import LoadedWrapper
from aiges.plugin.call import Call
from aiges.plugin.callback_session import CallbackSession
from aiges.plugin.generator_session import GeneratorSession
from aiges.plugin.result_writer import ResultWriter
from aiges.plugin.results import failure, request_data
from aiges.plugin.session_results import SessionResults
from aiges.plugin.threads import ThreadPool
from aiges.utils.log import log

Session = Union[CallbackSession, GeneratorSession]

DESTROY_TIME_S = 1.0
"""How long wrapperDestroy and `finally` blocks may take, at least, when the process is about to end."""


class Sessions:
    """Opens, feeds and ends sessions. No method but `drain` waits for the wrapper."""

    def __init__(self, wrapper: LoadedWrapper, writer: ResultWriter) -> None:
        self._wrapper = wrapper
        self._writer = writer
        self._pool = ThreadPool("wrapper-session")
        self._lock = threading.Lock()
        self._none_open = threading.Condition(self._lock)
        self._open: dict[int, Session] = {}
        self._names: dict[str, CallbackSession] = {}
        self._unfinished = 0
        self._stopping = False

    def handle(self, message: Any) -> None:
        """Takes a HostMessage that is no once request; one for a session that has ended is ignored."""
        kind = message.WhichOneof("kind")
        if kind == "open":
            self.open(message.id, message.open)
            return
        session = self._open.get(message.id)
        if session is None:
            return
        if kind == "write":
            session.write(request_data(message.write.payloads))
        elif kind == "flow":
            session.call.set_paused(message.flow.paused)
        elif kind in ("close", "cancel"):
            session.cancel()

    def open(self, id: int, request: Any) -> None:
        """Begins a session."""
        wire = request.params
        params = {name: wire[name] for name in wire}
        call = Call(request.sid)
        results = SessionResults(id, self._writer.put)
        session: Session
        with self._lock:
            if self._stopping:
                self._writer.put(failure(id, USER_EXEC_ERROR, "the plugin is about to end"))
                return
            if self._wrapper.has_stream:
                session = GeneratorSession(
                    call, params, self._wrapper, results, self._pool, lambda last: self._finish(id, last), results
                )
            else:
                # The tag is unique, even if a client uses a sid twice.
                session = self._callback_session(id, call, params, f"{request.sid}/{id}", results)
            self._open[id] = session
            self._unfinished += 1
        if self._wrapper.has_stream:
            results.created()
        session.start()

    def take_result(self, response: Response | BaseException, *names: str) -> None:
        """The sink of `aiges.callback`: `names` are the sid, or handle (or tag) and sid."""
        session = self._find(names)
        if session is None:
            log.debug("a result came for %s, which is no open session", " ".join(map(str, names)))
        else:
            session.take(response)

    def cancel_all(self) -> None:
        """The host is gone, or the process is about to end."""
        with self._lock:
            self._stopping = True
            sessions = list(self._open.values())
        for session in sessions:
            session.cancel()

    def drain(self, end: float) -> None:
        """Opens nothing more, waits until `end` (by time.monotonic) for sessions to finish, and cancels the rest."""
        with self._lock:
            self._stopping = True
            self._none_open.wait_for(lambda: not self._unfinished, max(0.0, end - monotonic()))
        self.cancel_all()
        with self._lock:
            if not self._none_open.wait_for(lambda: not self._unfinished, DESTROY_TIME_S):
                log.error("%d sessions did not end in time", self._unfinished)
        self._writer.flush()

    def _callback_session(
        self, id: int, call: Call, params: dict[str, str], tag: str, results: SessionResults
    ) -> CallbackSession:
        def finish(last: bytes) -> None:
            with self._lock:
                for name in (call.sid, tag, session.handle):
                    if name is not None and self._names.get(name) is session:
                        del self._names[name]
            self._finish(id, last)

        def on_handle(handle: str) -> None:
            if handle:
                with self._lock:
                    self._names[handle] = session

        session = CallbackSession(call, params, tag, self._wrapper, results, self._pool, finish)
        session.on_handle = on_handle
        # Before wrapperCreate: the wrapper may answer from another thread at once.
        self._names[call.sid] = self._names[tag] = session
        return session

    def _find(self, names: tuple[str, ...]) -> CallbackSession | None:
        if len(names) == 1:
            return self._names.get(names[0])
        handle, sid = names[0], names[-1]
        session = self._names.get(handle)
        if session is not None and sid in ("", session.call.sid, session.tag):
            return session
        # Not by the handle: another session may have got it meanwhile.
        return self._names.get(sid)

    def _finish(self, id: int, last: bytes) -> None:
        # The id is free as soon as the host has read the result.
        with self._lock:
            self._open.pop(id, None)
        self._writer.put(last)
        with self._lock:
            self._unfinished -= 1
            self._none_open.notify_all()
