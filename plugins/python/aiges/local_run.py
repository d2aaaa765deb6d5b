"""Tries a wrapper out without a server: one call with the test data that its fields declare."""

from __future__ import annotations

import queue
import sys
from typing import Any

from aiges.context import RequestContext, set_current
from aiges.core.types import DataEnd, DataOnce, Status, Types
from aiges.dto import DataListCls, DataListNode, Response, data_to_bytes, init_rq
from aiges.errors import USER_EXEC_ERROR
from aiges.fields import Field, FileField, PayloadField
from aiges.loader import (
    InvalidAnswer,
    LoadedWrapper,
    WrapperFailure,
    check_declared,
    check_response,
    describe_exception,
)
from aiges.param_fields import ParamField
from aiges.schema import declared_fields
from aiges.utils.log import log

LOCAL_SID = "local-run"

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
    """Calls wrapperInit, one request (or one session), and wrapperFini. Raises WrapperFailure or InvalidAnswer."""
    wrapper.init(getattr(wrapper.instance, "config", {}))
    try:
        fields = declared_fields(wrapper.instance.requestCls)
        params = {"sid": LOCAL_SID, **test_params(fields)}
        request = DataListCls([test_node(field) for field in fields if isinstance(field, PayloadField)])
        if stream:
            _run_session(wrapper, params, request)
        else:
            _run_once(wrapper, params, request)
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


def _run_once(wrapper: LoadedWrapper, params: dict[str, str], request: DataListCls) -> None:
    set_current(RequestContext(LOCAL_SID))
    try:
        response = wrapper.once(params, request, LOCAL_SID, 0)
    except Exception as error:
        log.exception("wrapperOnceExec raised")
        raise InvalidAnswer(f"wrapperOnceExec raised {describe_exception(error)}") from error
    finally:
        set_current(None)
    _show(check_response(response), wrapper)


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
            response = check_response(results.get(timeout=STREAM_TIMEOUT_S))
        except queue.Empty:
            raise InvalidAnswer(f"no result with status end came within {STREAM_TIMEOUT_S:.0f} s") from None
        _show(response, wrapper)
        status = response.list[0].status
    wrapper.destroy(created.handle, LOCAL_SID)


def _show(response: Response, wrapper: LoadedWrapper) -> None:
    if response.error_code:
        text = wrapper.error_text(response.error_code) or "no text from wrapperError"
        raise WrapperFailure(USER_EXEC_ERROR, f"the wrapper answered with code {response.error_code}: {text}")
    check_declared(response, wrapper.instance)
    for node in response.list:
        try:
            data = data_to_bytes(node.data, node.key)
        except TypeError as error:
            raise InvalidAnswer(str(error)) from error
        print(f"{node.key}: {Types[node.type]}, {Status.get(node.status, node.status)}, {len(data)} bytes")
        if Types[node.type] == "text":
            print(data[:SHOWN_BYTES].decode("utf-8", "backslashreplace"))
