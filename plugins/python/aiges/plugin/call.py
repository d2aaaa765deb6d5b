"""A call of the wrapper that the host has begun, and what it may tell the plugin about it: cancel, pause, resume."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Callable

from aiges.context import RequestContext

RESUME_TIMEOUT_S = 60.0
"""How long a wrapper waits, where it yields or calls back, for a client that does not read."""


class NotResumed(TimeoutError):
    """The client has not gone on reading within RESUME_TIMEOUT_S."""


class Call(RequestContext):
    """A once request or a session. Any thread may cancel it; the reader of the stream pauses and resumes it."""

    __slots__ = ("_resumed", "on_cancel")

    def __init__(self, sid: str, timeout_ms: int = 0) -> None:
        RequestContext.__init__(self, sid, timeout_ms)
        self._resumed: Future[None] | None = None
        self.on_cancel: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Nobody waits any more: the wrapper can see it, and what waits for the client goes on."""
        self.cancelled = True
        self._resume()
        notify = self.on_cancel
        if notify is not None:
            notify()

    def set_paused(self, paused: bool) -> None:
        """Whether results have to wait."""
        if not paused:
            self._resume()
        elif self._resumed is None:
            self._resumed = Future()
            if self.cancelled:  # Cancelled by another thread just now, which did not see the pause.
                self._resume()

    def wait_while_paused(self) -> None:
        """Returns when results may be sent, or the call is cancelled. Raises NotResumed."""
        resumed = self._resumed
        if resumed is not None:
            try:
                resumed.result(RESUME_TIMEOUT_S)
            except FutureTimeout:
                raise _not_resumed() from None

    async def resumed(self) -> None:
        """As `wait_while_paused`, for coroutines."""
        resumed = self._resumed
        if resumed is not None:
            try:
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(resumed)), RESUME_TIMEOUT_S)
            except asyncio.TimeoutError:
                raise _not_resumed() from None

    def _resume(self) -> None:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            # Two threads may resume at once: the reader, and who closes the stream.
            with contextlib.suppress(InvalidStateError):
                resumed.set_result(None)


def _not_resumed() -> NotResumed:
    return NotResumed(f"the client has not taken results for {RESUME_TIMEOUT_S:.0f} s")
