"""Plugin protocol 1, `aiges.WrapperService`: what existing AIGES hosts speak.

Results do not come with the reply of a call: they are pushed on `communicate`, matched by tag.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any

import grpc

from aiges.callback import set_sink
from aiges.context import RequestContext, set_current
from aiges.dto import DataListCls, DataListNode, Response, data_to_bytes
from aiges.errors import USER_EXEC_ERROR
from aiges.loader import LoadedWrapper, WrapperFailure, check_response, load_wrapper
from aiges.plugin.lifecycle import Lifecycle
from aiges.utils.log import log
from aiges.wire.messages import message

_types = {
    name: message(f"aiges.{name}")
    for name in (
        "InitRequest",
        "Ret",
        "SvcId",
        "Schema",
        "CreateRequest",
        "Handle",
        "WriteMessage",
        "Request",
        "Response",
        "StreamRequest",
    )
}
_Ret = _types["Ret"]
_Response = _types["Response"]

MAX_REMEMBERED_SESSIONS = 10_000
"""Sessions whose tag is kept; older ones are forgotten first, should a host never destroy them."""


class WrapperService:
    """The service. Each call runs on a thread of the gRPC server; the host limits how many it sends at once."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._wrapper: LoadedWrapper | None = None
        self._results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._idle = threading.Condition()
        self._running = 0
        self._tags: dict[str, str] = {}
        self._sids: dict[str, str] = {}
        lifecycle.drain = self._drain
        set_sink(self._push_session_result)

    def handler(self) -> grpc.GenericRpcHandler:
        """What the gRPC server registers."""
        unary = {
            "wrapperInit": (self._init, "InitRequest", "Ret"),
            "wrapperOnceExec": (self._once, "Request", "Response"),
            "wrapperSchema": (self._schema, "SvcId", "Schema"),
            "wrapperCreate": (self._create, "CreateRequest", "Handle"),
            "wrapperWrite": (self._write, "WriteMessage", "Ret"),
            "wrapperDestroy": (self._destroy, "Handle", "Ret"),
        }
        streams = {
            "testStream": (self._test_stream, "StreamRequest", "Response"),
            "communicate": (self._communicate, "Request", "Response"),
        }
        methods = {}
        for make, table in (
            (grpc.unary_unary_rpc_method_handler, unary),
            (grpc.stream_stream_rpc_method_handler, streams),
        ):
            for name, (behaviour, request, reply) in table.items():
                methods[name] = make(behaviour, _types[request].FromString, _types[reply].SerializeToString)
        return grpc.method_handlers_generic_handler("aiges.WrapperService", methods)

    def _init(self, request: Any, _context: grpc.ServicerContext) -> Any:
        try:
            wrapper = load_wrapper()
            self._lifecycle.wrapper = wrapper
            wrapper.init(request.config)
        except WrapperFailure as failure:
            log.error("%s", failure)
            return _Ret(ret=failure.code)
        self._wrapper = wrapper
        return _Ret(ret=0)

    def _schema(self, _request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return _types["Schema"](data=self._loaded().schema())
        except Exception as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    def _once(self, request: Any, _context: grpc.ServicerContext) -> Any:
        with self._idle:
            self._running += 1
        try:
            answer = self._execute(request)
            self._results.put(answer)
            # A failure is in both places: hosts differ in where they look.
            return _Response(ret=answer.ret)
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _execute(self, request: Any) -> Any:
        params = dict(request.params)
        set_current(RequestContext(params.get("sid", request.tag)))
        try:
            return _to_wire(
                check_response(self._loaded().once(params, _from_wire(request.list), request.tag, 0)), request.tag
            )
        except BaseException:
            # SystemExit too: a wrapper that calls sys.exit() fails its request, it does not end the service.
            log.exception("wrapperOnceExec failed (tag %s)", request.tag)
            return _Response(tag=request.tag, ret=USER_EXEC_ERROR)
        finally:
            set_current(None)

    def _create(self, request: Any, _context: grpc.ServicerContext) -> Any:
        # Before the call: the wrapper may answer from another thread at once.
        self._remember(request.sid, request.tag)
        try:
            created = self._loaded().create(dict(request.params), request.sid, request.tag)
            reply = _types["Handle"](handle=created.handle or "", err_code=created.error_code)
        except Exception:
            log.exception("wrapperCreate failed (sid %s)", request.sid)
            reply = _types["Handle"](err_code=USER_EXEC_ERROR)
        if reply.err_code:
            self._tags.pop(request.sid, None)
        else:
            self._sids[reply.handle] = request.sid
        return reply

    def _remember(self, sid: str, tag: str) -> None:
        for table in (self._tags, self._sids):
            while len(table) >= MAX_REMEMBERED_SESSIONS:
                table.pop(next(iter(table)), None)
        self._tags[sid] = tag

    def _write(self, request: Any, _context: grpc.ServicerContext) -> Any:
        try:
            return _Ret(ret=self._loaded().write(request.handle, _from_wire(request.req.list), request.sid))
        except Exception:
            log.exception("wrapperWrite failed (sid %s)", request.sid)
            return _Ret(ret=USER_EXEC_ERROR)

    def _destroy(self, request: Any, _context: grpc.ServicerContext) -> Any:
        sid = self._sids.pop(request.handle, "")
        try:
            return _Ret(ret=self._loaded().destroy(request.handle, sid))
        except Exception:
            log.exception("wrapperDestroy failed (handle %s)", request.handle)
            return _Ret(ret=USER_EXEC_ERROR)
        finally:
            self._tags.pop(sid, None)

    def _test_stream(self, requests: Any, _context: grpc.ServicerContext) -> Iterator[Any]:
        for _ in requests:
            yield _Response()

    def _communicate(self, _requests: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        # None wakes the loop, so that a stream that has ended does not swallow a result of the next one.
        if not context.add_callback(lambda: self._results.put(None)):
            return
        while context.is_active():
            result = self._results.get()
            if result is None:
                continue
            if not context.is_active():
                self._results.put(result)
                return
            yield result

    def _push_session_result(self, response: Response, sid: str) -> None:
        tag = self._tags.get(sid, sid)
        try:
            self._results.put(_to_wire(response, tag))
        except Exception:
            log.exception("a result of session %s cannot be sent", sid)
            self._results.put(_Response(tag=tag, ret=USER_EXEC_ERROR))

    def _loaded(self) -> LoadedWrapper:
        if self._wrapper is None:
            raise RuntimeError("called before a successful wrapperInit")
        return self._wrapper

    def _drain(self, grace_s: float) -> None:
        end = monotonic() + grace_s
        with self._idle:
            while self._running and self._idle.wait(end - monotonic()):
                pass


def _from_wire(payloads: Any) -> DataListCls:
    return DataListCls([DataListNode(p.key, p.data, p.type, p.status, p.desc) for p in payloads])


def _to_wire(response: Response, tag: str) -> Any:
    wire = _Response(tag=tag, ret=response.error_code)
    if response.error_code:
        return wire
    for node in response.list:
        data = data_to_bytes(node.data, node.key)
        payload = wire.list.add(key=node.key, len=len(data), type=node.type, status=node.status, data=data)
        for name, value in node.desc.items():
            payload.desc[str(name)] = str(value)
    return wire
