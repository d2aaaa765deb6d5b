"""The frames of a session, as `wrapperStream` iterates over them."""

from __future__ import annotations

import asyncio
import queue
from typing import Any

from aiges.core.types import DataEnd, DataOnce
from aiges.dto import DataListCls

_END: Any = object()


def is_last_frame(frame: DataListCls) -> bool:
    """Whether no frame follows: every payload of it is the end of its stream or the only one."""
    return bool(frame.list) and all(node.status in (DataEnd, DataOnce) for node in frame.list)


class Frames:
    """Frames for a plain generator: `for frame in frames` waits for the next one and ends after the last.

    When the session is given up while the generator waits here, the generator ends as if it were closed: GeneratorExit
    is raised, `finally` blocks run.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._ended = False
        self._cancelled = False

    def put(self, frame: DataListCls) -> None:
        """Hands over the next frame."""
        self._queue.put(frame)

    def end(self) -> None:
        """No frame follows."""
        self._queue.put(_END)

    def stop(self) -> None:
        """The wrapper has given its last result and gets no further frame. Called where the wrapper runs."""
        self._ended = True

    def cancel(self) -> None:
        """The session was given up."""
        self._cancelled = True
        self._queue.put(_END)

    def __iter__(self) -> Frames:
        return self

    def __next__(self) -> DataListCls:
        if self._ended and not self._cancelled:
            raise StopIteration
        frame = _END if self._cancelled else self._queue.get()
        if self._cancelled:
            raise GeneratorExit
        if frame is _END:
            self._ended = True
            raise StopIteration
        return frame  # type: ignore[no-any-return]


class AsyncFrames:
    """Frames for an asynchronous generator: `async for frame in frames`. When the session is given up, the task that
    runs the generator is cancelled."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[Any] | None = None
        self._ended = False

    def put(self, frame: DataListCls) -> None:
        """Hands over the next frame, from any thread."""
        self._loop.call_soon_threadsafe(lambda: self._on_loop().put_nowait(frame))

    def end(self) -> None:
        """No frame follows."""
        self.put(_END)

    def stop(self) -> None:
        """The wrapper has given its last result and gets no further frame. Called where the wrapper runs."""
        self._ended = True

    def cancel(self) -> None:
        """The session was given up; its task is cancelled elsewhere."""
        self.end()

    def __aiter__(self) -> AsyncFrames:
        return self

    async def __anext__(self) -> DataListCls:
        frame = _END if self._ended else await self._on_loop().get()
        if frame is _END:
            self._ended = True
            raise StopAsyncIteration
        return frame  # type: ignore[no-any-return]

    def _on_loop(self) -> asyncio.Queue[Any]:
        # Made there: Python 3.9 binds a queue to the loop of the thread that makes it.
        if self._queue is None:
            self._queue = asyncio.Queue()
        return self._queue
