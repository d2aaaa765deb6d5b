"""A session that `wrapperStream` serves: frames go into its iterator, what it yields are the results."""

from __future__ import annotations

import asyncio
from typing import Any, Callable

from aiges.dto import DataListCls
from aiges.loader import LoadedWrapper
from aiges.plugin.call import Call
from aiges.plugin.frames import AsyncFrames, Frames, Receipts, is_last_frame
from aiges.plugin.streaming import Results, YieldedResults, run_async_generator, run_generator
from aiges.plugin.threads import ThreadPool, event_loop, mailbox


class GeneratorSession:
    """One run of `wrapperStream`: on a thread of its own, or, for an `async def` generator, on the event loop.

    `finish` gets the last message, once, after the generator was closed.
    """

    def __init__(
        self,
        call: Call,
        params: dict[str, str],
        wrapper: LoadedWrapper,
        results: Results,
        pool: ThreadPool,
        finish: Callable[[Any], None],
        receipts: Receipts | None = None,
    ) -> None:
        self.call = call
        self._pool = pool
        self._finish = finish
        self._async = wrapper.stream_is_async
        self._frames: Any = AsyncFrames(mailbox(), receipts) if self._async else Frames(receipts)
        self._yielded = YieldedResults(wrapper, results, "wrapperStream")
        self._start_generator = lambda: wrapper.stream(params, self._frames)

    def start(self) -> None:
        """Begins; returns at once."""
        if self._async:
            asyncio.run_coroutine_threadsafe(self._run_async(), event_loop())
        else:
            self._pool.run(self._run)

    def write(self, frame: DataListCls) -> None:
        """Takes the next frame; returns at once."""
        self._frames.put(frame)
        if is_last_frame(frame):
            self._frames.end()

    def cancel(self) -> None:
        """Nobody waits for results any more."""
        # In this order: a generator that wakes must see that it is cancelled.
        self.call.cancel()
        self._frames.cancel()

    def _run(self) -> None:
        self._finish(run_generator(self.call, self._start_generator, self._yielded, self._frames.stop))

    async def _run_async(self) -> None:
        self._finish(await run_async_generator(self.call, self._start_generator, self._yielded, self._frames.stop))
