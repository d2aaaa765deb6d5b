"""What a wrapper can know of the call that it works on.

    from aiges import context

    if context.current().cancelled:
        return

`current()` works inside every call of the wrapper: once requests, generators, coroutines, the methods of a session, and
the `StreamHandleThread` that serves one.
"""

from __future__ import annotations

from aiges.request import RequestContext, current_request


def current() -> RequestContext:
    """The call that is being worked on: `sid`, `deadline` (in seconds of `time.monotonic()`, or None) and `cancelled`,
    which turns true when nobody waits any more. Raises RuntimeError outside of a call."""
    return current_request()


__all__ = ["RequestContext", "current"]
