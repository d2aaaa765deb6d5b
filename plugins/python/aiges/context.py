"""The call that a wrapper works on; for wrappers that want to stop early when nobody waits any more.

    from aiges import context

    if context.current().cancelled:
        return

This works inside every call of the wrapper: once requests, generators, coroutines, the methods of a session, and the
`StreamHandleThread` that serves one.
"""

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
        """In seconds of `time.monotonic()`; None when the request has no deadline, as a session."""
        return self._arrived + self._timeout_ms / 1000 if self._timeout_ms else None


_current: ContextVar[RequestContext | None] = ContextVar("aiges_context", default=None)


def current() -> RequestContext:
    """The call of this thread or coroutine. Raises RuntimeError outside of the wrapper's calls."""
    context = current_or_none()
    if context is None:
        raise RuntimeError("aiges.context.current() works inside a call of the wrapper, such as wrapperOnceExec")
    return context


def current_or_none() -> RequestContext | None:
    """The call of this thread or coroutine; None outside of the wrapper's calls."""
    context = _current.get()
    if context is None:
        # A StreamHandleThread serves the session that its owner has at the moment.
        owner: Any = getattr(threading.current_thread(), "session_thread", None)
        context = getattr(owner, "context", None)
    return context


def set_current(context: RequestContext | None) -> None:
    """Called by the plugin server around each call."""
    _current.set(context)
