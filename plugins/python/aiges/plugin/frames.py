"""The frames of a session, as `wrapperStream` iterates over them."""

from __future__ import annotations

import asyncio
import contextlib
import queue
from typing import Any, Protocol

from aiges.core.types import DataEnd, DataOnce
from aiges.dto import DataListCls
from aiges.plugin.threads import Mailbox

_END: Any = object()

_FRAME_BYTES = 256
"""What a frame counts beside its data."""


def frame_bytes(frame: DataListCls) -> int:
    """What a frame counts where the bytes of those that wait are bounded."""
    size = _FRAME_BYTES
    for node in frame.list:
        size += len(node.data)
    return size


def is_last_frame(frame: DataListCls) -> bool:
    """Whether no frame follows: every payload of it is the end of its stream or the only one."""
    # A loop, for every frame is asked: `all` with a generator takes three times as long.
    for node in frame.list:
        if node.status not in (DataEnd, DataOnce):
            return False
    return bool(frame.list)


class Receipts(Protocol):
    """Whoever wants to know which frames were taken."""

    def took(self, frame: DataListCls, more: bool) -> None:
        """The wrapper took a frame, or it was dropped; `more` says whether another one is there already."""

    def tell(self) -> None:
        """The wrapper is about to wait for a frame."""


class NoReceipts:
    """For hosts that do not ask."""

    def took(self, frame: DataListCls, more: bool) -> None: ...

    def tell(self) -> None: ...


class Frames:
    """Frames for a plain generator: `for frame in frames` waits for the next one and ends after the last.

    When the session is given up while the generator waits here, the generator ends as if it were closed: GeneratorExit
    is raised, `finally` blocks run.
    """

    def __init__(self, receipts: Receipts | None = None) -> None:
        self._receipts = receipts or NoReceipts()
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._ended = False
        self._cancelled = False

    def put(self, frame: DataListCls) -> None:
        """Hands over the next frame."""
        self._queue.put(frame)
        if self._ended:
            self._drop()

    def end(self) -> None:
        """No frame follows."""
        self._queue.put(_END)

    def stop(self) -> None:
        """The wrapper has given its last result and gets no further frame. Called where the wrapper runs."""
        self._ended = True
        self._drop()

    def cancel(self) -> None:
        """The session was given up."""
        self._cancelled = True
        self._queue.put(_END)

    def __iter__(self) -> Frames:
        return self

    def __next__(self) -> DataListCls:
        if self._ended and not self._cancelled:
            raise StopIteration
        frame = _END if self._cancelled else self._next()
        if self._cancelled:
            raise GeneratorExit
        if frame is _END:
            self._ended = True
            raise StopIteration
        self._receipts.took(frame, not self._queue.empty())
        return frame  # type: ignore[no-any-return]

    def _next(self) -> Any:
        if self._queue.empty():
            self._receipts.tell()
        return self._queue.get()

    def _drop(self) -> None:
        # Nobody waits for a frame any more: what is taken here is taken from no one.
        with contextlib.suppress(queue.Empty):
            while True:
                frame = self._queue.get_nowait()
                if frame is not _END:
                    self._receipts.took(frame, False)
        self._receipts.tell()


class AsyncFrames:
    """Frames for an asynchronous generator: `async for frame in frames`. When the session is given up, the task that
    runs the generator is cancelled."""

    def __init__(self, mailbox: Mailbox, receipts: Receipts | None = None) -> None:
        self._receipts = receipts or NoReceipts()
        self._mailbox = mailbox
        self._queue: asyncio.Queue[Any] | None = None
        self._ended = False

    def put(self, frame: DataListCls) -> None:
        """Hands over the next frame, from any thread."""
        self._mailbox.post(self._put, frame)

    def end(self) -> None:
        """No frame follows."""
        self.put(_END)

    def stop(self) -> None:
        """The wrapper has given its last result and gets no further frame. Called where the wrapper runs."""
        self._ended = True
        frames = self._on_loop()
        while not frames.empty():
            self._put(frames.get_nowait())

    def cancel(self) -> None:
        """The session was given up; its task is cancelled elsewhere."""
        self.end()

    def __aiter__(self) -> AsyncFrames:
        return self

    async def __anext__(self) -> DataListCls:
        frame = _END if self._ended else await self._next()
        if frame is _END:
            self._ended = True
            raise StopAsyncIteration
        self._receipts.took(frame, not self._on_loop().empty())
        return frame  # type: ignore[no-any-return]

    async def _next(self) -> Any:
        frames = self._on_loop()
        if frames.empty():
            self._receipts.tell()
        return await frames.get()

    def _put(self, frame: Any) -> None:
        if not self._ended:
            self._on_loop().put_nowait(frame)
        elif frame is not _END:
            self._receipts.took(frame, False)
            self._receipts.tell()

    def _on_loop(self) -> asyncio.Queue[Any]:
        # Made there: Python 3.9 binds a queue to the loop of the thread that makes it.
        if self._queue is None:
            self._queue = asyncio.Queue()
        return self._queue
