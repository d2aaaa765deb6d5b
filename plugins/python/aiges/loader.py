"""Loads the user's wrapper and calls it safely: what the plugin server and the local run share."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import traceback
from collections.abc import Mapping
from functools import cached_property
from types import ModuleType
from typing import Any

from aiges.answers import InvalidAnswer, to_response
from aiges.batch import BatchRequest, batch_answer, check_batch
from aiges.chat import chat_operation
from aiges.context import current
from aiges.dto import DataListCls, Response, SessionCreateResponse
from aiges.errors import INIT_ERROR, USER_EXEC_ERROR, USER_INIT_ERROR
from aiges.fields import PayloadField
from aiges.methods import CHAT, methods_of
from aiges.operation import Operation, plain_operation
from aiges.schema import declared_fields
from aiges.sdk import WrapperBase
from aiges.signature import accepted_keywords, adapt
from aiges.utils.log import log

MODULE_NAME = "wrapper"
CLASS_NAME = "Wrapper"

_CONSTRUCTOR_ARGUMENTS = {"legacy": False, "is_aipaas": True, "keep_schema_default_value": True}


class WrapperFailure(Exception):
    """The wrapper cannot be loaded or started: `code` 30001 or 30002, and a message for a person."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def describe_exception(error: BaseException) -> str:
    """`Type: text`. Never raises."""
    try:
        text = str(error)
    except BaseException as fault:
        text = f"(its text cannot be had: {type(fault).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class LoadedWrapper:
    """A wrapper object whose methods can be called with all arguments, whichever of them its class takes."""

    def __init__(self, instance: Any) -> None:
        self.instance = instance
        self._fini_done = False
        try:
            self._init = adapt(instance.wrapperInit, ("config",), ())
            self._create = self._optional("wrapperCreate", ("params", "sid"), ("persId", "usrTag"))
            self._write = self._optional("wrapperWrite", ("handle", "req"), ("sid",))
            self._destroy = self._optional("wrapperDestroy", ("handle",), ("sid",))
            self.stream = self._optional("wrapperStream", ("params", "frames"), ())
            self.batch = self._own("wrapperBatchExec", ("requests",))
            chat = self._own("wrapperChat", ("messages", "params"))
            self.chat = None if chat is None else chat_operation(instance.wrapperChat, chat)
            self.methods = methods_of(instance)
            self._once = self._plain_call()
        except BaseException as error:
            raise WrapperFailure(INIT_ERROR, f"class {CLASS_NAME} does not fit: {_with_place(error)}") from error

        self.has_stream = self._overrides("wrapperStream")
        self.stream_is_async = self.has_stream and inspect.isasyncgenfunction(instance.wrapperStream)

    def _plain_call(self) -> Any:
        if self._overrides("wrapperOnceExec"):
            return adapt(self.instance.wrapperOnceExec, ("params", "reqData"), ("usrTag", "persId"))
        return None if self.batch is None else self._batch_of_one

    def _batch_of_one(self, params: dict[str, str], data: DataListCls, _tag: str, _pers_id: int) -> Any:
        (answer,) = check_batch(self.batch([BatchRequest(params, data, current())]), 1)
        return batch_answer(answer, self.outputs)

    def _optional(self, name: str, required: tuple[str, ...], optional: tuple[str, ...]) -> Any:
        method = getattr(self.instance, name, None)
        return None if method is None else adapt(method, required, optional)

    def _overrides(self, name: str) -> bool:
        method = getattr(type(self.instance), name, None)
        return method is not None and method is not getattr(WrapperBase, name)

    def _own(self, name: str, required: tuple[str, ...]) -> Any:
        return adapt(getattr(self.instance, name), required, ()) if self._overrides(name) else None

    @cached_property
    def outputs(self) -> list[PayloadField]:
        """The outputs that `responseCls` declares; read after wrapperInit, which may choose them."""
        return self._declared("responseCls")

    @cached_property
    def once(self) -> Operation | None:
        """The plain call: wrapperOnceExec, or a wrapperBatchExec with one request. None when it has neither."""
        call = self._once
        if call is None:
            return None
        function = self.instance.wrapperOnceExec if self._overrides("wrapperOnceExec") else call
        return plain_operation(function, call, self._declared("requestCls"), self.outputs)

    def _declared(self, name: str) -> list[PayloadField]:
        declared = declared_fields(getattr(self.instance, name, None))
        return [field for field in declared if isinstance(field, PayloadField)]

    def operations(self) -> list[Operation]:
        """All that clients can ask for, sessions aside."""
        return list(self._named_operations().values())

    def long_methods(self) -> frozenset[str]:
        """The names of those that may take their time; that of the plain call is empty."""
        return frozenset(name for name, operation in self._named_operations().items() if operation.waits)

    def _named_operations(self) -> dict[str, Operation]:
        named = {"": self.once, CHAT: self.chat, **self.methods}
        return {name: operation for name, operation in named.items() if operation is not None}

    def operation(self, method: str) -> Operation:
        """What a request's method names; empty names the plain call. Raises LookupError when it is not there."""
        found = self.methods.get(method) if method else self.once
        if found is None and method == CHAT:
            found = self.chat
        if found is None:
            names = ", ".join([*self.methods, *([CHAT] if self.chat else [])]) or "none"
            what = f"method {method!r}" if method else "plain call (wrapperOnceExec)"
            raise LookupError(f"the wrapper has no {what}; its methods are: {names}")
        return found

    @property
    def has_sessions(self) -> bool:
        """Whether it defines `wrapperStream` or `wrapperCreate`. With both, `wrapperStream` serves the sessions."""
        return self.has_stream or self._overrides("wrapperCreate")

    @property
    def version(self) -> str:
        return str(getattr(self.instance, "version", ""))

    def init(self, config: Mapping[str, str]) -> None:
        """Calls wrapperInit. Raises WrapperFailure 30002 when it raises or does not return 0."""
        try:
            ret = self._init(dict(config))
            failed = ret is not None and bool(ret != 0)
        except BaseException as error:
            log.exception("wrapperInit raised")
            raise WrapperFailure(USER_INIT_ERROR, f"wrapperInit raised {_with_place(error)}") from error
        if ret is None:
            log.warning("wrapperInit returned nothing; that counts as 0")
        elif failed:
            text = self.error_text(ret)
            raise WrapperFailure(USER_INIT_ERROR, f"wrapperInit returned {ret}" + (f": {text}" if text else ""))

    def schema(self) -> str:
        """Schema as JSON text, empty when the wrapper has none. Raises WrapperFailure 30001 when it cannot be made."""
        make = getattr(self.instance, "schema", None)
        if make is None:
            return ""
        try:
            schema = make()
            return schema if isinstance(schema, str) else json.dumps(schema, ensure_ascii=False)
        except BaseException as error:
            log.exception("the schema cannot be made")
            raise WrapperFailure(INIT_ERROR, f"the schema cannot be made: {_with_place(error)}") from error

    def error_text(self, code: Any) -> str:
        """The wrapper's text for a code; empty when it has none or fails to say."""
        try:
            text = self.instance.wrapperError(code)
            return "" if text is None else str(text)
        except BaseException:
            log.exception("wrapperError(%s) raised", code)
            return ""

    def create(self, params: dict[str, str], sid: str, tag: str) -> SessionCreateResponse:
        """Opens a session."""
        if self._create is None:
            raise InvalidAnswer(f"{CLASS_NAME} has no sessions: it does not define wrapperCreate")
        answer = self._create(params, sid, 0, tag)
        if isinstance(answer, int):
            refused = SessionCreateResponse()
            refused.error_code = answer or USER_EXEC_ERROR
            return refused
        if not hasattr(answer, "handle") or not hasattr(answer, "error_code"):
            raise InvalidAnswer(f"wrapperCreate must return a SessionCreateResponse, not {type(answer).__name__}")
        if not isinstance(answer.handle, (str, int, type(None))):
            raise InvalidAnswer(f"the handle of a session must be a text, not {type(answer.handle).__name__}")
        return answer  # type: ignore[no-any-return]

    def write(self, handle: str, frame: DataListCls, sid: str) -> int:
        """Hands a frame to a session."""
        if self._write is None:
            raise InvalidAnswer(f"{CLASS_NAME} has no sessions: it does not define wrapperWrite")
        return self._write(handle, frame, sid) or 0

    def destroy(self, handle: str, sid: str) -> int:
        """Ends a session."""
        return 0 if self._destroy is None else self._destroy(handle, sid) or 0

    def to_response(self, value: Any, method: str) -> Response:
        """What `method` yielded, as a Response; see `aiges.answers.to_response`."""
        return to_response(value, method, self.outputs)

    def fini(self) -> None:
        """Calls wrapperFini, at most once; what it raises is logged."""
        if self._fini_done:
            return
        self._fini_done = True
        try:
            fini = getattr(self.instance, "wrapperFini", None)
            if fini is not None:
                fini()
        except BaseException:
            log.exception("wrapperFini raised")


def load_wrapper() -> LoadedWrapper:
    """Imports the module `wrapper` and makes its `Wrapper`. Raises WrapperFailure 30001 when that fails."""
    _put_wrapper_folder_first()
    try:
        module = importlib.import_module(MODULE_NAME)
    except BaseException as error:
        log.exception("importing %s failed", MODULE_NAME)
        raise WrapperFailure(INIT_ERROR, _import_message(error)) from error
    cls = getattr(module, CLASS_NAME, None)
    if cls is None:
        raise WrapperFailure(INIT_ERROR, f"{_file_of(module)} has no class {CLASS_NAME}")
    try:
        instance = cls(**accepted_keywords(cls.__init__, _CONSTRUCTOR_ARGUMENTS))
    except BaseException as error:
        log.exception("creating %s failed", CLASS_NAME)
        raise WrapperFailure(INIT_ERROR, f"{CLASS_NAME}() raised {_with_place(error)}") from error
    return LoadedWrapper(instance)


def _put_wrapper_folder_first() -> None:
    # A folder `wrapper` beside the module's own must not hide it, so the folder with wrapper.py goes to the front.
    here = os.getcwd()
    for folder in [*sys.path, os.path.join(here, "wrapper"), here]:
        if os.path.isfile(os.path.join(folder or here, MODULE_NAME + ".py")):
            sys.path.insert(0, folder or here)
            return


def _import_message(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == MODULE_NAME:
        return f"no wrapper.py found; looked in {', '.join(folder or os.getcwd() for folder in sys.path)}"
    return f"importing {MODULE_NAME} raised {_with_place(error)}"


def _with_place(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return describe_exception(error) + place


def _file_of(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or f"the folder {list(getattr(module, '__path__', ['?']))[0]}"
