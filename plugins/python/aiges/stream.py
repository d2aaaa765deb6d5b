"""Sessions of a wrapper: a pool of threads, each of which serves one session at a time.

`SessionManager` hands out handles; the thread behind a handle keeps the session's sid, parameters and frames (`in_q`).
The wrapper derives from `StreamHandleThread`, reads frames from `in_q` and answers with
`session_thread.callback_fn(response, sid)`; after the last result it calls `session_thread.reset()`, which frees the
handle.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import Any, Callable

from aiges.context import RequestContext, current_or_none
from aiges.core.types import THREAD_MODE
from aiges.utils.log import log


class StreamHandleThread(threading.Thread):
    """Works on the frames of one handle. Override `run`, or `init_model` and `infer`."""

    def __init__(self, session_thread: WorkerThread, in_q: queue.Queue[Any], out_q: queue.Queue[Any]) -> None:
        super().__init__(daemon=True)
        self.is_stopping = False
        self.session_thread = session_thread
        self.in_q = in_q
        self.out_q = out_q

    def init_model(self, *args: Any, **kwargs: Any) -> Any:
        """Prepares the thread, once, before its first frame. Does nothing unless overridden."""

    def infer(self, req: Any) -> Any:
        """Works on one frame (a DataListCls) and answers through `session_thread.callback_fn`."""
        raise NotImplementedError(f"{type(self).__name__} must define run() or infer(req)")

    def stop(self) -> None:
        """Asks the thread to end after the frame that it works on."""
        self.is_stopping = True

    def run(self) -> None:
        self.init_model(self.session_thread.handle)
        while not self.is_stopping:
            self.infer(self.in_q.get())


class WorkerThread(threading.Thread):
    """What `SessionManager.get_session` returns: the state of one handle and the owner of its StreamHandleThread."""

    def __init__(self, handle: str, handler_class: type[StreamHandleThread] = StreamHandleThread) -> None:
        super().__init__(daemon=True)
        self.handle = handle
        self.sid = ""
        self.params: Mapping[str, str] = {}
        self.context: RequestContext | None = None
        self.in_q: queue.Queue[Any] = queue.Queue()
        self.out_q: queue.Queue[Any] = queue.Queue()
        self.is_idle = True
        self.is_stopping = False
        self.callback_fn: Callable[..., None] | None = None
        self.callback_handle = ""
        self.StreamHandleThreadClass = handler_class
        self._has_session = threading.Event()

    @property
    def idle(self) -> bool:
        """Whether the handle may be given to a session."""
        return self.is_idle

    def setup_sid(self, sid: str) -> None:
        """Remembers which session this is, and the call that it belongs to (`aiges.context`)."""
        self.sid = sid
        self.context = current_or_none()
        self._see_whether_known()

    def setup_params(self, params: Mapping[str, str]) -> None:
        """Remembers the session's parameters and takes the handle."""
        self.params = params
        self.is_idle = False

    def setup_callback_fn(self, callback: Callable[..., None]) -> None:
        """Remembers how results leave: `callback(response, sid)`."""
        self.callback_fn = callback
        self._see_whether_known()

    def _see_whether_known(self) -> None:
        if self.sid and self.callback_fn is not None:
            self._has_session.set()

    def set_callback_handle(self, handle: str) -> None:
        """Remembers the tag that the host gave to the session."""
        self.callback_handle = handle

    def setStreamHandleThreadClass(self, cls: type[StreamHandleThread]) -> None:
        """Chooses the class that works on the frames; before `start`."""
        self.StreamHandleThreadClass = cls

    def reset(self) -> None:
        """Forgets the session, drops its frames and frees the handle."""
        self.sid = ""
        self._has_session.clear()
        self.params = {}
        self.context = None
        self._drop_frames()
        self.is_idle = True

    def _drop_frames(self) -> None:
        for frames in (self.in_q, self.out_q):
            with frames.mutex:
                frames.queue.clear()

    def stop(self) -> None:
        """Marks the handle as ending."""
        self.is_stopping = True

    def run(self) -> None:
        while (failure := self._serve()) is not None:
            # The handle would be dead from now on, and every session that gets it would wait for ever.
            self._fail_session(failure)

    def _serve(self) -> BaseException | None:
        """Runs a StreamHandleThread to its end; returns what it raised."""
        raised: list[BaseException] = []

        def run() -> None:
            try:
                handle_frames()
            except BaseException as error:
                log.exception("the thread of handle %s failed", self.handle)
                raised.append(error)

        try:
            handler = self.StreamHandleThreadClass(self, self.in_q, self.out_q)
            handle_frames = handler.run
            handler.run = run  # type: ignore[method-assign]
            handler.start()
            handler.join()
        except BaseException as error:
            log.exception("the thread of handle %s cannot be started", self.handle)
            return error
        return raised[0] if raised else None

    def _fail_session(self, failure: BaseException) -> None:
        """Ends the session that the handle has, or else the next one, with what its thread raised."""
        self._has_session.wait()
        sid, callback = self.sid, self.callback_fn
        # In this order: who hears of the end may give the handle to the next session at once.
        self.reset()
        try:
            if callback is not None:
                callback(failure, sid)
        except BaseException:
            log.exception("session %s cannot be told that its thread failed", sid)
        if not self.sid:
            # A frame may have come before the session knew of its end.
            self._drop_frames()


class ThreadPool:
    """A fixed number of handles, each with its thread."""

    def __init__(self, handler_class: type[StreamHandleThread], process_no: int = 0, nums: int = 10) -> None:
        self._lock = threading.Lock()
        self.workers: dict[str, WorkerThread] = {}
        for number in range(nums):
            handle = f"Process-{process_no}-Thread-{number}"
            worker = self.workers[handle] = WorkerThread(handle, handler_class)
            worker.start()

    def take_idle(self) -> str | None:
        """A free handle, now taken; None when all are in use."""
        with self._lock:
            for handle, worker in self.workers.items():
                if worker.is_idle:
                    worker.is_idle = False
                    return handle
        return None

    def get_thread(self, handle: str) -> WorkerThread | None:
        """The thread of a handle."""
        return self.workers.get(handle)


class SessionManager:
    """The sessions of a wrapper: every WrapperBase has one as `self.session`."""

    def __init__(self, config: Mapping[str, str] | None = None, mode: str = THREAD_MODE, nums: int = 0) -> None:
        self.initialized = False
        self.code = 0
        self.wrapperConfig: Mapping[str, str] = config or {}
        self.handle_pool: ThreadPool | None = None

    def init_wrapper_config(self, config: Mapping[str, str] | None = None) -> None:
        """Keeps the wrapper's configuration."""
        self.wrapperConfig = config or {}

    def init_handle_pool(self, mode: str, nums: int, ReqThreadCls: type[StreamHandleThread]) -> None:
        """Starts `nums` handles that `ReqThreadCls` serves. `mode` is "thread"; others are served by threads too."""
        if mode != THREAD_MODE:
            log.warning("session mode %r is served by threads", mode)
        self.handle_pool = ThreadPool(ReqThreadCls, 0, nums)
        self.initialized = True

    def _pool(self) -> ThreadPool:
        if self.handle_pool is None:
            raise RuntimeError("call session.init_handle_pool(...) in wrapperInit before sessions are used")
        return self.handle_pool

    def get_session(self, handle: str) -> WorkerThread | None:
        """The session of a handle; None when the handle is unknown."""
        return self._pool().get_thread(handle)

    def get_idle_handle(self) -> str | None:
        """Takes a free handle; None when all are in use."""
        return self._pool().take_idle()

    def set_idle_session(self, handle: str) -> None:
        """Frees a handle."""
        session = self.get_session(handle)
        if session is not None:
            session.is_idle = True

    def reset_session(self, handle: str) -> None:
        """Forgets what the session of a handle holds and frees it."""
        session = self.get_session(handle)
        if session is not None:
            session.reset()

    def push_back(self, handle: str) -> None:
        """Gives a handle back."""
        self.reset_session(handle)
