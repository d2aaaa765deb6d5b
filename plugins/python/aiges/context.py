"""The request that the calling thread works on; for wrappers that want to stop early when nobody waits any more."""

from __future__ import annotations

import threading
import time


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


_local = threading.local()


def current() -> RequestContext:
    """The request of this thread. Raises RuntimeError outside of `wrapperOnceExec`."""
    request = current_or_none()
    if request is None:
        raise RuntimeError("aiges.context.current() works inside wrapperOnceExec")
    return request


def current_or_none() -> RequestContext | None:
    """The request of this thread, if it works on one."""
    return getattr(_local, "request", None)


def set_current(request: RequestContext | None) -> None:
    """Called by the plugin server around each call."""
    _local.request = request
