"""A session of the classic kind: `wrapperCreate`, `wrapperWrite` for each frame, results by callback from any thread,
`wrapperDestroy`."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Callable

from aiges.answers import check_response
from aiges.context import set_current
from aiges.core.types import DataEnd, DataOnce, Once
from aiges.dto import DataListCls, Response
from aiges.errors import USER_EXEC_ERROR
from aiges.loader import LoadedWrapper
from aiges.plugin.call import Call, NotResumed
from aiges.plugin.failures import describe_failure, failure_text
from aiges.plugin.session_results import SessionResults
from aiges.plugin.streaming import error_message
from aiges.plugin.threads import ThreadPool
from aiges.utils.log import log


class CallbackSession:
    """Calls the wrapper's methods for one session, one at a time, on a thread while there is something to call.

    However the session ends, `wrapperDestroy` is called once if `wrapperCreate` had given a handle, and then `finish`
    gets the last message.
    """

    def __init__(
        self,
        call: Call,
        params: dict[str, str],
        tag: str,
        wrapper: LoadedWrapper,
        results: SessionResults,
        pool: ThreadPool,
        finish: Callable[[Any], None],
    ) -> None:
        self.call = call
        self.tag = tag
        self.handle: str | None = None
        self.on_handle: Callable[[str], None] = lambda handle: None
        """Called when the handle is known, before the first frame is written."""
        self._params = params
        self._wrapper = wrapper
        self._results = results
        self._pool = pool
        self._finish = finish
        # `_state` is held for moments; `_output` while a result is sent, so that none follows the last.
        self._state = threading.Lock()
        self._output = threading.Lock()
        self._frames: deque[DataListCls] = deque()
        self._scheduled = True
        self._last: Any = None
        self._finished = False

    def start(self) -> None:
        """Begins with wrapperCreate; returns at once."""
        self._pool.run(self._begin)

    def write(self, frame: DataListCls) -> None:
        """Takes the next frame; returns at once."""
        with self._state:
            dropped = self._last is not None
            if not dropped:
                self._frames.append(frame)
        if dropped:
            self._drop(frame)
        else:
            self._schedule()

    def cancel(self) -> None:
        """Nobody waits for results any more."""
        self.call.cancel()
        self._end(self._results.failure(USER_EXEC_ERROR, "cancelled"))

    def take(self, response: Response | BaseException) -> None:
        """Sends a result that the wrapper called back, or fails with what is in its place; drops it when the session
        has ended. Raises NotResumed."""
        try:
            self.call.wait_while_paused()
        except NotResumed as error:
            self._fail("callback", error)
            raise
        with self._output:
            if self._last is not None or self._finished:
                log.debug("a result of session %s came after its end", self.call.sid)
                return
            if isinstance(response, BaseException):
                self._end(self._results.failure(USER_EXEC_ERROR, *failure_text(response)))
                return
            try:
                check_response(response, "callback")
                if response.error_code:
                    self._end(error_message(self._wrapper, self._results, response))
                    return
                last = any(node.status in (DataEnd, DataOnce) for node in response.list)
                message = self._results.result(response.list, last, Once, getattr(response, "usage", None))
            except Exception as error:
                self._fail("callback", error)
                return
            if last:
                self._end(message)
            else:
                self._results.send(message)

    def _schedule(self) -> None:
        with self._state:
            if self._scheduled:
                return
            self._scheduled = True
        self._pool.run(self._work)

    def _end(self, message: Any) -> None:
        """Nothing more is written; the first one who ends a session decides on its last message."""
        with self._state:
            if self._last is not None:
                return
            self._last = message
            dropped, self._frames = self._frames, deque()
        self._drop(*dropped)
        self._schedule()

    def _drop(self, *frames: DataListCls) -> None:
        for frame in frames:
            self._results.took(frame, False)
        self._results.tell()

    def _fail(self, where: str, error: BaseException) -> None:
        text, invalid_input = describe_failure(where, self.call.sid, error)
        self._end(self._results.failure(USER_EXEC_ERROR, f"{where}: {text}", invalid_input))

    def _begin(self) -> None:
        set_current(self.call)
        try:
            if not self.call.cancelled:
                created = self._wrapper.create(self._params, self.call.sid, self.tag)
                if created.error_code:
                    self._end_with_code(created.error_code)
                else:
                    self.handle = created.handle or ""
                    self.on_handle(self.handle)
                    self._results.created()
        except BaseException as error:
            self._fail("wrapperCreate", error)
        self._work()

    def _work(self) -> None:
        set_current(self.call)
        while True:
            with self._state:
                if self._last is not None:
                    break
                idle = not self._frames
                if idle:
                    self._scheduled = False
                else:
                    frame = self._frames.popleft()
            if idle:
                set_current(None)
                self._results.tell()
                return
            self._write(frame)
            self._results.took(frame, bool(self._frames))
        self._results.tell()
        self._destroy()
        set_current(None)
        with self._output:
            self._finished = True
        self._finish(self._last)

    def _write(self, frame: DataListCls) -> None:
        try:
            ret = self._wrapper.write(self.handle or "", frame, self.call.sid)
            if ret:
                self._end_with_code(ret)
        except BaseException as error:
            self._fail("wrapperWrite", error)

    def _destroy(self) -> None:
        if self.handle is None:
            return
        try:
            ret = self._wrapper.destroy(self.handle, self.call.sid)
            if ret:
                log.warning("wrapperDestroy returned %s (sid %s)", ret, self.call.sid)
        except BaseException:
            log.exception("wrapperDestroy failed (sid %s)", self.call.sid)

    def _end_with_code(self, code: int) -> None:
        self._end(self._results.failure(code, self._wrapper.error_text(code)))
