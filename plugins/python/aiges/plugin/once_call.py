"""Runs operations of the wrapper that are more than a plain method: `async def`, or a generator."""

from __future__ import annotations

import asyncio
from typing import Any

from aiges.context import set_current
from aiges.dto import DataListCls
from aiges.loader import LoadedWrapper
from aiges.operation import Operation
from aiges.plugin.call import Call
from aiges.plugin.streaming import Results, YieldedResults, cancel_task_with, run_async_generator, run_generator
from aiges.plugin.threads import event_loop


def await_once(operation: Operation, call: Call, params: dict[str, str], data: DataListCls, tag: str) -> Any:
    """What the coroutine returns. Raises CancelledError (of concurrent.futures) when the call is cancelled."""

    async def run() -> Any:
        set_current(call)
        cancel_task_with(call)
        return await operation.call(params, data, tag, 0)

    return asyncio.run_coroutine_threadsafe(run(), event_loop()).result()


def yield_once(
    wrapper: LoadedWrapper,
    operation: Operation,
    call: Call,
    params: dict[str, str],
    data: DataListCls,
    tag: str,
    results: Results,
) -> Any:
    """Sends what the generator yields, and returns the last message."""
    yielded = YieldedResults(wrapper, results, operation.title, operation.answer)

    def start() -> Any:
        return operation.call(params, data, tag, 0)

    if operation.is_async_generator:
        running = run_async_generator(call, start, yielded, _nothing)
        return asyncio.run_coroutine_threadsafe(running, event_loop()).result()
    return run_generator(call, start, yielded, _nothing)


def _nothing() -> None:
    """A once request has no frames that could end."""
