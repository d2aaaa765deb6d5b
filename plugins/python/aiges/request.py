"""The request that is being worked on; for wrappers that want to stop early when nobody waits any more."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar
from typing import Any


class RequestContext:
    """`sid` names the request in logs; `cancelled` turns true when the caller has left or its time is over."""

    __slots__ = ("_arrived", "_timeout_ms", "cancelled", "sid")

    def __init__(self, sid: str, timeout_ms: int = 0) -> None:
        self.sid = sid
        self.cancelled = False
        self._arrived = time.monotonic()
        self._timeout_ms = timeout_ms

    @property
    def deadline(self) -> float | None:
        """In seconds of `time.monotonic()`; None when the request has no deadline."""
        return self._arrived + self._timeout_ms / 1000 if self._timeout_ms else None


_current: ContextVar[RequestContext | None] = ContextVar("aiges_request", default=None)


def current_request() -> RequestContext:
    """The request of this thread or coroutine. Raises RuntimeError outside of a call."""
    request = find_current_request()
    if request is None:
        raise RuntimeError("there is no current request: this works inside a call of the wrapper")
    return request


def find_current_request() -> RequestContext | None:
    """The request of this thread or coroutine, or None outside of a call."""
    request = _current.get()
    if request is None:
        # A StreamHandleThread serves the session that its owner has at the moment.
        owner: Any = getattr(threading.current_thread(), "session_thread", None)
        request = getattr(owner, "request", None)
    return request


def set_current_request(request: RequestContext | None) -> None:
    """Called by the plugin server around each call."""
    _current.set(request)
