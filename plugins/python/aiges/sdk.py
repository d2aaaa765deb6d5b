"""What a wrapper imports: the base class and, for convenience, everything that goes with it."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from aiges.batch import BatchRequest
from aiges.chat import ChatChunk, Usage
from aiges.core.types import *
from aiges.dto import DataListCls, DataListNode, Response, ResponseData, SessionCreateResponse, callback
from aiges.fields import (
    AudioBodyField,
    FileField,
    ImageBodyField,
    JsonBodyField,
    PayloadField,
    StringBodyField,
)
from aiges.methods import method
from aiges.param_fields import (
    BooleanParamField,
    IntegerParamField,
    NumberParamField,
    ParamField,
    StringParamField,
)
from aiges.request import current_request
from aiges.schema import build_schema, declared_fields
from aiges.stream import SessionManager, StreamHandleThread
from aiges.tensor import TensorError
from aiges.tensor_field import TensorField
from aiges.utils.log import log


class WrapperBase:
    """Base of every wrapper: derive a class `Wrapper` from it in a module `wrapper`.

    Set `serviceId`, `version`, `requestCls` and `responseCls`, and define `wrapperInit` and `wrapperOnceExec`. Any of
    the optional arguments may be left out of your definitions. In place of wrapperOnceExec, or beside it, there may be
    wrapperBatchExec, wrapperChat, and methods (`aiges.methods.method`).
    """

    serviceId: str = "service"
    """Name of the service in requests and in its route."""

    version: str = "v1"

    requestCls: Any = None
    """Class or object whose attributes are the fields of a request."""

    responseCls: Any = None
    """Class or object whose attributes are the fields of an answer."""

    route: Any = None
    """Path of the service, or a list of paths; `/v1/private/<serviceId>` when None."""

    sub: str = "ase"
    call: str = "atmos"
    call_type: Any = "0"
    hosts: str = "api.xf-yun.com"

    config: dict[str, str] = {}
    """Configuration that `run()` gives to `wrapperInit`."""

    session: SessionManager
    """Sessions of this wrapper."""

    def __new__(cls, *args: Any, **kwargs: Any) -> WrapperBase:
        # Here rather than in __init__, which wrappers override without calling ours.
        self = super().__new__(cls)
        self.session = SessionManager()
        return self

    def __init__(self, legacy: bool = True, is_aipaas: bool = True, keep_schema_default_value: bool = True) -> None:
        """The arguments are those of older SDKs; there is one form of schema now, and they change nothing."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        if file:
            for field in declared_fields(cls.requestCls):
                if isinstance(field, FileField):
                    field.base_dir = os.path.dirname(os.path.abspath(file))

    def wrapperInit(self, config: dict[str, str]) -> int:
        """Called once, before any request: load the model here. `config` is the daemon's `[wrapper]` section, flattened
        (`{"common.lic": "10", …}`). Return 0, or a code of your own when the wrapper cannot work."""
        raise NotImplementedError(f"{type(self).__name__} must define wrapperInit(self, config)")

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        """Answers one request; may be called from several threads at once. `params` are the client's parameters and
        `sid`, all strings. What it raises becomes code 30003 and is logged. May be `async def`, and may yield several
        results, each of which is sent at once."""
        raise NotImplementedError(f"{type(self).__name__} must define wrapperOnceExec(self, params, reqData)")

    def wrapperBatchExec(self, requests: list[BatchRequest]) -> list[Response]:
        """Answers several requests at once, instead of wrapperOnceExec: those that wait at the same time, as many as
        the daemon's configuration allows. Returns an answer for each, in order; one with an error code, or an exception
        in its place, fails that request alone. What it raises fails all of them."""
        raise NotImplementedError(f"{type(self).__name__} does not define wrapperBatchExec")

    def wrapperChat(self, messages: list[dict[str, Any]], params: dict[str, str]) -> Any:
        """Answers a chat: `messages` as in OpenAI's chat completions (`{"role": "user", "content": …}`), `params` such
        as `temperature`, `max_tokens` and `stop` (JSON), all strings, where the client sent them. Returns or yields
        text, a ChatChunk, a Usage, or a Response with an error code; may be `async def`."""
        raise NotImplementedError(f"{type(self).__name__} does not chat: it does not define wrapperChat")

    def wrapperError(self, ret: int) -> str:
        """The text that a client gets with your code `ret`."""
        return ""

    def wrapperFini(self) -> int:
        """Called once, when the process is about to end."""
        return 0

    def wrapperCreate(
        self, params: dict[str, str], sid: str, persId: int = 0, usrTag: str = ""
    ) -> SessionCreateResponse:
        """Opens a session and returns its handle, usually one of `self.session`."""
        raise NotImplementedError(f"{type(self).__name__} has no sessions: it does not define wrapperCreate")

    def wrapperWrite(self, handle: str, req: DataListCls, sid: str = "") -> int:
        """Takes one frame of a session; results go through `aiges.dto.callback(response, sid)`. Return 0."""
        raise NotImplementedError(f"{type(self).__name__} has no sessions: it does not define wrapperWrite")

    def wrapperDestroy(self, handle: str) -> int:
        """Ends a session. Return 0."""
        return 0

    def wrapperStream(self, params: dict[str, str], frames: Any) -> Any:
        """Serves a session, instead of wrapperCreate, wrapperWrite and wrapperDestroy: a generator (`def` or `async
        def`) that iterates over `frames`, each like the `reqData` of a once request, and yields results. A result is a
        Response, a ResponseData or a list of them, or the data of the only declared output. The session ends with the
        generator; one that is given up closes it, so that its `finally` blocks run."""
        raise NotImplementedError(f"{type(self).__name__} has no sessions: it does not define wrapperStream")

    def wrapperLoadRes(self, reqData: DataListCls, resId: int) -> int:
        """Loads a personalised resource. Return 0."""
        return 0

    def wrapperUnloadRes(self, resId: int) -> int:
        """Forgets a personalised resource. Return 0."""
        return 0

    def schema(self) -> str:
        """The schema as JSON text, made from the fields. See `aiges.schema`."""
        meta = {
            "serviceId": self.serviceId,
            "version": self.version,
            "service": [self.serviceId],
            "sub": self.sub,
            "call": self.call,
            "call_type": self.call_type,
            "hosts": self.hosts,
            "route": self.route or f"/v1/private/{self.serviceId}",
        }
        inputs = declared_fields(self.requestCls)
        outputs = declared_fields(self.responseCls)
        return json.dumps(build_schema(meta, self.serviceId, inputs, outputs), ensure_ascii=False)

    def run(self, stream: bool = False) -> None:
        """Calls the wrapper once with its declared test data and prints the answer, without any server. With `stream`,
        as a session. Ends the program with exit code 1 and the reason when the wrapper does not answer properly."""
        from aiges.local_run import run_wrapper

        run_wrapper(self, stream)
