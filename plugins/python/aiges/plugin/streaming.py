"""Runs wrapper methods that yield their results: `wrapperStream`, and a `wrapperOnceExec` that is a generator.

Each result leaves when it is yielded. The last message of a call is returned instead, so that its sender can first make
the call's id free.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Callable, Protocol

from aiges.answers import InvalidAnswer
from aiges.chat import Usage
from aiges.context import set_current
from aiges.core.types import DataBegin, DataContinue, DataEnd
from aiges.dto import Response
from aiges.errors import USER_EXEC_ERROR
from aiges.loader import LoadedWrapper
from aiges.plugin.call import Call
from aiges.plugin.failures import describe_failure
from aiges.utils.log import log


class Results(Protocol):
    """Makes and sends the results of one call, in the form that the host's protocol wants."""

    def result(self, nodes: Iterable[Any], last: bool, once_status: int, usage: Usage | None = None) -> Any:
        """A message with payloads; those whose status is Once get `once_status`."""

    def failure(self, code: int, text: str, invalid_input: bool = False) -> Any:
        """The last message of a call that failed; `invalid_input`: by its client's fault."""

    def end(self) -> Any:
        """The last message when all payloads have been sent."""

    def send(self, message: Any) -> None:
        """Sends a message that is not the last."""


class YieldedResults:
    """Takes what a wrapper yields: sends it, and knows what the last message is. `answer` makes responses of it;
    default: those of the outputs that `responseCls` declares."""

    def __init__(
        self,
        wrapper: LoadedWrapper,
        results: Results,
        title: str,
        answer: Callable[[Any], Response] | None = None,
    ) -> None:
        self._wrapper = wrapper
        self._results = results
        self._title = title
        self._answer = answer or (lambda value: wrapper.to_response(value, title))
        self._once_status = DataBegin
        self._last: Any = None

    def check_yields(self, returned: Any, kind: type) -> None:
        """Raises InvalidAnswer when a method that should yield returned something else."""
        if not isinstance(returned, kind):
            raise InvalidAnswer(f"{self._title} must yield its results; it returned {type(returned).__name__}")

    def take(self, value: Any) -> bool:
        """Sends a result; returns False when it is the last one, which is kept. Raises InvalidAnswer."""
        response = self._answer(value)
        usage = getattr(response, "usage", None)
        if response.error_code:
            self._last = error_message(self._wrapper, self._results, response)
        elif is_last_result(response):
            self._last = self._results.result(response.list, True, DataEnd, usage)
        else:
            self._results.send(self._results.result(response.list, False, self._once_status, usage))
            self._once_status = DataContinue
            return True
        return False

    def fail(self, error: BaseException, sid: str) -> None:
        """The wrapper raised, or yielded something that is no result, or was not called because of invalid input."""
        self._last = self._results.failure(USER_EXEC_ERROR, *describe_failure(self._title, sid, error))

    def warn_of_late_result(self, sid: str) -> None:
        """The wrapper goes on after its last result; that is dropped."""
        log.warning("%s yielded a result after the last one, which has status DataEnd (sid %s)", self._title, sid)

    def cancelled(self) -> None:
        """The call was given up; the host ignores the message, but waits for it."""
        self._last = self._results.failure(USER_EXEC_ERROR, "cancelled")

    def last(self) -> Any:
        """The last message."""
        return self._results.end() if self._last is None else self._last


def is_last_result(response: Response) -> bool:
    """Whether a yielded result says of itself that none follows."""
    return any(node.status == DataEnd for node in response.list)


def error_message(wrapper: LoadedWrapper, results: Results, response: Response) -> Any:
    """The last message for a response with an error code."""
    return results.failure(response.error_code, wrapper.error_text(response.error_code))


def run_generator(
    call: Call, start: Callable[[], Any], yielded: YieldedResults, no_more_frames: Callable[[], None]
) -> Any:
    """Advances the generator that `start` makes until it ends, fails, or the call is cancelled; returns the last
    message. The generator is closed by then. `no_more_frames` is called when it has yielded its last result."""
    set_current(call)
    generator: Any = None
    try:
        generator = start()
        yielded.check_yields(generator, Iterable)
        open_end = True
        for value in generator:
            call.wait_while_paused()
            if call.cancelled:
                break
            if not open_end:
                yielded.warn_of_late_result(call.sid)
                break
            open_end = yielded.take(value)
            if not open_end:
                no_more_frames()
            call.wait_while_paused()
            if call.cancelled:
                break
    except BaseException as error:
        # SystemExit too: a wrapper that calls sys.exit() fails its request, it does not end the service.
        if not (call.cancelled and isinstance(error, GeneratorExit)):
            yielded.fail(error, call.sid)
    try:
        close = getattr(generator, "close", None)
        if close is not None:
            close()
    except BaseException as error:
        yielded.fail(error, call.sid)
    finally:
        set_current(None)
    if call.cancelled:
        yielded.cancelled()
    return yielded.last()


async def run_async_generator(
    call: Call, start: Callable[[], Any], yielded: YieldedResults, no_more_frames: Callable[[], None]
) -> Any:
    """As `run_generator`, for `async def` generators; a cancelled call cancels the task."""
    set_current(call)
    generator: Any = None
    try:
        cancel_task_with(call)
        generator = start()
        yielded.check_yields(generator, AsyncGenerator)
        open_end = True
        async for value in generator:
            await call.resumed()
            if call.cancelled:
                break
            if not open_end:
                yielded.warn_of_late_result(call.sid)
                break
            open_end = yielded.take(value)
            if not open_end:
                no_more_frames()
            # Other sessions get their turn, even if this one never waits.
            await asyncio.sleep(0)
            await call.resumed()
            if call.cancelled:
                break
    except BaseException as error:
        if not (call.cancelled and isinstance(error, (GeneratorExit, asyncio.CancelledError))):
            yielded.fail(error, call.sid)
    try:
        if isinstance(generator, AsyncGenerator):
            await generator.aclose()
    except BaseException as error:
        if not call.cancelled:
            yielded.fail(error, call.sid)
    if call.cancelled:
        yielded.cancelled()
    return yielded.last()


def cancel_task_with(call: Call) -> None:
    """Has the running task cancelled when the call is. Raises CancelledError when it already is."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is None:
        raise RuntimeError("there is no running task")
    cancel = task.cancel
    call.on_cancel = lambda: _cancel_soon(loop, cancel)
    if call.cancelled:
        raise asyncio.CancelledError


def _cancel_soon(loop: asyncio.AbstractEventLoop, cancel: Callable[[], Any]) -> None:
    loop.call_soon_threadsafe(cancel)
