"""Tries a wrapper out without a server: calls with the test data that its fields declare."""

from __future__ import annotations

import asyncio
import json
import queue
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aiges.answers import InvalidAnswer, check_declared, check_response
from aiges.chat import TITLE as CHAT
from aiges.context import RequestContext, set_current
from aiges.core.types import DataEnd, DataOnce, Status, Types
from aiges.dto import DataListCls, DataListNode, Response, data_to_bytes, init_rq
from aiges.errors import USER_EXEC_ERROR
from aiges.fields import Field, FileField, PayloadField
from aiges.loader import LoadedWrapper, WrapperFailure, describe_exception
from aiges.operation import Operation
from aiges.param_fields import ParamField
from aiges.plugin.frames import AsyncFrames, Frames
from aiges.plugin.threads import Mailbox
from aiges.schema import declared_fields
from aiges.tensor import TensorError
from aiges.utils.log import log

LOCAL_SID = "local-run"

TEST_MESSAGES = [{"role": "user", "content": "Hello"}]
"""What a chat is tried out with."""

SHOWN_BYTES = 2000
"""How much of each output is printed."""

STREAM_TIMEOUT_S = 60.0
"""How long a session may take for its next result."""


def run_wrapper(instance: Any, stream: bool = False) -> None:
    """Runs `instance` and prints what it answers. Exits with code 1 and the reason when something is wrong."""
    try:
        wrapper = LoadedWrapper(instance)
        run_loaded(wrapper, stream)
    except (WrapperFailure, InvalidAnswer) as failure:
        sys.exit(f"FAILED: {failure}")


def run_loaded(wrapper: LoadedWrapper, stream: bool = False) -> None:
    """Calls wrapperInit, one request of each kind that the wrapper answers (or one session), and wrapperFini. Raises
    WrapperFailure or InvalidAnswer."""
    wrapper.init(getattr(wrapper.instance, "config", {}))
    try:
        fields = declared_fields(wrapper.instance.requestCls)
        params = {"sid": LOCAL_SID, **test_params(fields)}
        request = _request(fields)
        if stream and wrapper.has_stream:
            _run_stream(wrapper, params, request)
        elif stream:
            _run_session(wrapper, params, request)
        else:
            operations = wrapper.operations()
            if not operations:
                also = "; try its sessions with --stream" if wrapper.has_sessions else ""
                raise InvalidAnswer(f"the wrapper has no wrapperOnceExec and no other call for single requests{also}")
            for operation in operations:
                _run_once(wrapper, operation, params, _test_request(operation))
        wrapper.schema()
    finally:
        wrapper.fini()
    print("OK: the wrapper answers as it declares")


def test_params(fields: list[Field]) -> dict[str, str]:
    """The declared parameters with their test values, as strings, as a daemon passes them."""
    params = {}
    for field in fields:
        if isinstance(field, ParamField):
            value = field.example_value()
            if value is not None and (field.required or value != ""):
                params[field.key] = str(value).lower() if isinstance(value, bool) else str(value)
    return params


def test_node(field: PayloadField) -> DataListNode:
    """A payload with the field's test value. Raises InvalidAnswer when its test file is missing."""
    if isinstance(field, FileField):
        try:
            field.resolved_path()
        except FileNotFoundError as error:
            raise InvalidAnswer(str(error)) from error
    return DataListNode(field.key, field.test_value, field.data_type, DataOnce, field.example_attributes())


def _request(fields: Sequence[Field]) -> DataListCls:
    return DataListCls([test_node(field) for field in fields if isinstance(field, PayloadField)])


def _test_request(operation: Operation) -> DataListCls:
    if operation.title == CHAT:
        return DataListCls([DataListNode("messages", json.dumps(TEST_MESSAGES).encode())])
    return _request(operation.inputs)


def _run_once(wrapper: LoadedWrapper, operation: Operation, params: dict[str, str], request: DataListCls) -> None:
    title = operation.title
    set_current(RequestContext(LOCAL_SID))
    loop = asyncio.new_event_loop()
    try:
        answer = operation.call(params, request, LOCAL_SID, 0)
        if operation.is_coroutine:
            answer = loop.run_until_complete(answer)
        answers = list(_yielded(answer, loop)) if operation.yields else [answer]
    except Exception as error:
        log.exception("%s raised", title)
        raise InvalidAnswer(f"{title} raised {describe_exception(error)}") from error
    finally:
        loop.close()
        set_current(None)
    for answer in answers:
        _show(_answer(operation, answer), wrapper, operation.outputs)


def _answer(operation: Operation, value: Any) -> Response:
    try:
        return operation.answer(value)
    except TensorError as error:
        raise InvalidAnswer(f"{operation.title} gave no valid answer: {error}") from error


def _run_stream(wrapper: LoadedWrapper, params: dict[str, str], request: DataListCls) -> None:
    set_current(RequestContext(LOCAL_SID))
    loop = asyncio.new_event_loop()
    frames: Any = AsyncFrames(Mailbox(loop)) if wrapper.stream_is_async else Frames()
    frames.put(request)
    frames.end()
    try:
        answers = list(_yielded(wrapper.stream(params, frames), loop))
    except Exception as error:
        log.exception("wrapperStream raised")
        raise InvalidAnswer(f"wrapperStream raised {describe_exception(error)}") from error
    finally:
        loop.close()
        set_current(None)
    for answer in answers:
        _show(wrapper.to_response(answer, "wrapperStream"), wrapper, wrapper.outputs)


def _yielded(generator: Any, loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    if not hasattr(generator, "__anext__"):
        yield from generator
        return
    while True:
        try:
            yield loop.run_until_complete(generator.__anext__())
        except StopAsyncIteration:
            return


def _run_session(wrapper: LoadedWrapper, params: dict[str, str], request: DataListCls) -> None:
    results = init_rq()
    created = wrapper.create(params, LOCAL_SID, LOCAL_SID)
    if created.error_code:
        raise InvalidAnswer(f"wrapperCreate refused the session with code {created.error_code}")
    for node in request.list:
        node.status = DataEnd
    ret = wrapper.write(created.handle, request, LOCAL_SID)
    if ret != 0:
        raise InvalidAnswer(f"wrapperWrite returned {ret}: {wrapper.error_text(ret)}")
    status = None
    while status not in (DataEnd, DataOnce):
        try:
            given = results.get(timeout=STREAM_TIMEOUT_S)
            if isinstance(given, BaseException):
                raise InvalidAnswer(f"the session failed: {describe_exception(given)}")
            response = check_response(given, "callback")
        except queue.Empty:
            raise InvalidAnswer(f"no result with status end came within {STREAM_TIMEOUT_S:.0f} s") from None
        _show(response, wrapper, wrapper.outputs)
        status = response.list[0].status
    wrapper.destroy(created.handle, LOCAL_SID)


def _show(response: Response, wrapper: LoadedWrapper, outputs: Sequence[PayloadField]) -> None:
    if response.error_code:
        text = wrapper.error_text(response.error_code) or "no text from wrapperError"
        raise WrapperFailure(USER_EXEC_ERROR, f"the wrapper answered with code {response.error_code}: {text}")
    check_declared(response, outputs)
    for node in response.list:
        try:
            data = data_to_bytes(node.data, node.key)
        except TypeError as error:
            raise InvalidAnswer(str(error)) from error
        kind = node.tensor or Types[node.type]
        print(f"{node.key}: {kind}, {Status.get(node.status, node.status)}, {len(data)} bytes")
        if Types[node.type] == "text":
            print(data[:SHOWN_BYTES].decode("utf-8", "backslashreplace"))
