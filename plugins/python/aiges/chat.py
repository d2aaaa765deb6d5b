"""Chat: what `wrapperChat` gets and gives, on the wire the method `chat`.

The request has one payload `messages`, a JSON list of messages as in OpenAI's chat completions; the answer is text
under the key `content`. The attribute `finish_reason` of the last piece says why the text ends there.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any, Callable, NamedTuple

from aiges.answers import InvalidAnswer, check_response
from aiges.core.types import DataEnd, DataOnce, DataText
from aiges.dto import DataListCls, Response, ResponseData
from aiges.errors import InvalidInput
from aiges.operation import Operation

TITLE = "wrapperChat"

STOP = "stop"
"""Why a text ends, where the wrapper does not say it: because it is complete."""


class Usage(NamedTuple):
    """What a request has used: tokens, or whatever the model is paid by."""

    input: int
    output: int


class ChatChunk(NamedTuple):
    """A piece of a chat's text. `finish_reason` (`stop`, `length`, …) says why the text ends; `usage` counts from the
    beginning of the request."""

    text: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None


def chat_operation(function: Callable[..., Any], call: Callable[..., Any]) -> Operation:
    """The operation of a wrapper's `wrapperChat`; `call` takes messages and parameters."""

    def begin(params: dict[str, str], data: DataListCls, _tag: str, _pers_id: int) -> Any:
        started = call(_messages(data), params)
        if inspect.isgeneratorfunction(function):
            return _to_the_end(started)
        return _to_the_async_end(started) if inspect.isasyncgenfunction(function) else started

    return Operation(TITLE, function, begin, answer=_answer)


def _answer(value: Any) -> Response:
    if isinstance(value, _Piece):
        return _response(value.chunk, DataEnd if value.last else DataOnce)
    if _is_failure(value):
        return check_response(value, TITLE)
    chunk = _chunk(value)
    return _response(chunk._replace(finish_reason=chunk.finish_reason or STOP), DataOnce)


class _Piece(NamedTuple):
    chunk: ChatChunk
    last: bool


class _End:
    """Remembers what a generator said of the end of its text, until it has ended."""

    def __init__(self) -> None:
        self._chunk = ChatChunk(finish_reason=STOP)

    def take(self, value: Any) -> _Piece | Response | None:
        """The piece to send now; None when there is no text in it. A failure is sent as it is."""
        if _is_failure(value):
            return value  # type: ignore[no-any-return]
        chunk = _chunk(value)
        self._chunk = ChatChunk("", chunk.finish_reason or self._chunk.finish_reason, chunk.usage or self._chunk.usage)
        return _Piece(ChatChunk(chunk.text, None, chunk.usage), False) if chunk.text else None

    def piece(self) -> _Piece:
        """The last piece."""
        return _Piece(self._chunk, True)


def _to_the_end(values: Generator[Any, None, None]) -> Iterator[_Piece | Response]:
    end = _End()
    try:
        for value in values:
            piece = end.take(value)
            if piece is not None:
                yield piece
    finally:
        values.close()
    yield end.piece()


async def _to_the_async_end(values: AsyncGenerator[Any, None]) -> AsyncIterator[_Piece | Response]:
    end = _End()
    try:
        async for value in values:
            piece = end.take(value)
            if piece is not None:
                yield piece
    finally:
        await values.aclose()
    yield end.piece()


def _messages(data: DataListCls) -> list[Any]:
    node = data.get("messages")
    if node is None:
        raise InvalidInput("a chat takes the payload 'messages'")
    try:
        messages = json.loads(node.data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the payload 'messages' is not JSON: {error}") from None
    if not isinstance(messages, list):
        raise InvalidInput(f"the payload 'messages' must be a JSON list, not {type(messages).__name__}")
    return messages


def _is_failure(value: Any) -> bool:
    return isinstance(value, Response) and value.error_code != 0


def _chunk(value: Any) -> ChatChunk:
    if isinstance(value, ChatChunk):
        return value
    if isinstance(value, Usage):
        return ChatChunk(usage=value)
    if isinstance(value, str):
        return ChatChunk(value)
    raise InvalidAnswer(f"{TITLE} must give text, a ChatChunk or a Usage, not {type(value).__name__}")


def _response(chunk: ChatChunk, status: int) -> Response:
    node = ResponseData("content", chunk.text, type=DataText, status=status)
    if chunk.finish_reason:
        node.desc = {"finish_reason": chunk.finish_reason}
    response = Response()
    response.list = [node]
    response.usage = chunk.usage
    return response
