"""Plugin protocol 2, `aiges.plugin.v2.WrapperPlugin`: see proto/plugin/wrapper-v2.proto for what each message means."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

import grpc

from aiges import __version__
from aiges.dto import DataListCls, DataListNode, data_to_bytes
from aiges.errors import USER_EXEC_ERROR
from aiges.loader import LoadedWrapper, WrapperFailure, check_response, describe_exception, load_wrapper
from aiges.plugin.common_services import finish_then_exit
from aiges.plugin.frame_socket import FrameListener
from aiges.plugin.lifecycle import Lifecycle
from aiges.plugin.run_stream import Job, PluginBatch, RunStream, cancelled_result
from aiges.utils.log import log
from aiges.wire.messages import message

_InitRequest = message("aiges.plugin.v2.InitRequest")
_InitReply = message("aiges.plugin.v2.InitReply")
_ShutdownRequest = message("aiges.plugin.v2.ShutdownRequest")
_ShutdownReply = message("aiges.plugin.v2.ShutdownReply")

MAX_CONCURRENCY = 256
"""Most calls that run at the same time, whatever the host asks for."""


class WrapperPlugin:
    """The service: Init loads the wrapper and names the socket on which requests are then served."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._lock = threading.Lock()
        self._wrapper: LoadedWrapper | None = None
        self._listener: FrameListener | None = None
        self._stream: RunStream | None = None
        lifecycle.drain = self._drain

    def handler(self) -> grpc.GenericRpcHandler:
        """What the gRPC server registers."""
        return grpc.method_handlers_generic_handler(
            "aiges.plugin.v2.WrapperPlugin",
            {
                "Init": grpc.unary_unary_rpc_method_handler(
                    self._init, _InitRequest.FromString, _InitReply.SerializeToString
                ),
                "Shutdown": grpc.unary_unary_rpc_method_handler(
                    self._shutdown, _ShutdownRequest.FromString, _ShutdownReply.SerializeToString
                ),
            },
        )

    def _init(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            if self._wrapper is not None:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "Init was called before")
            reply = _InitReply(sdk=f"aiges-sdk {__version__}")
            try:
                wrapper = load_wrapper()
                self._lifecycle.wrapper = wrapper
                wrapper.init(request.config)
                reply.schema = wrapper.schema()
            except WrapperFailure as failure:
                log.error("%s", failure)
                reply.code = failure.code
                reply.message = str(failure)
                return reply
            self._wrapper = wrapper
            concurrency = min(max(1, request.concurrency), MAX_CONCURRENCY)
            reply.version = wrapper.version
            reply.capabilities.once = True
            reply.capabilities.concurrency = concurrency
            listener = FrameListener(os.environ)
            reply.stream.address = listener.address
            reply.stream.token = listener.token
            self._listener = listener
            run = (listener, wrapper, concurrency)
            threading.Thread(target=self._run, args=run, name="run-reader", daemon=True).start()
            return reply

    def _run(self, listener: FrameListener, wrapper: LoadedWrapper, concurrency: int) -> None:
        try:
            connection = listener.accept()
        except OSError as error:
            log.error("the host cannot connect: %s", error)
            self._lifecycle.request_exit(0.0)
            return
        if connection is not None:
            self._stream = RunStream(OnceExecutor(wrapper), concurrency, connection)
            self._stream.run()

    def _shutdown(self, request: Any, context: grpc.ServicerContext) -> Any:
        finish_then_exit(self._lifecycle, context, request.grace_ms / 1000)
        return _ShutdownReply()

    def _drain(self, grace_s: float) -> None:
        if self._listener is not None:
            self._listener.close()
        stream = self._stream
        if stream is not None:
            stream.drain(grace_s)


class OnceExecutor:
    """Calls `wrapperOnceExec` for a job and serializes what it answers."""

    def __init__(self, wrapper: LoadedWrapper) -> None:
        self._wrapper = wrapper
        self._once = wrapper.once

    def __call__(self, job: Job) -> bytes:
        if job.cancelled:
            return cancelled_result(job.id)
        try:
            once = job.once
            nodes = [DataListNode(p.key, p.data, p.type, p.status, p.attributes) for p in once.payloads]
            wire = once.params
            params = {name: wire[name] for name in wire}  # Half the time of dict(wire).
            response = check_response(self._once(params, DataListCls(nodes), job.sid, 0))
            if response.error_code:
                code = response.error_code
                return _failure(job.id, code, self._wrapper.error_text(code))
            return _success(job.id, response.list)
        except BaseException as error:
            # SystemExit too: a wrapper that calls sys.exit() fails its request, it does not end the service.
            log.exception("wrapperOnceExec failed (sid %s)", job.sid)
            return _failure(job.id, USER_EXEC_ERROR, describe_exception(error))


def _success(id: int, nodes: Iterable[Any]) -> bytes:
    batch = PluginBatch()
    result = batch.results.add()
    # Assigning the fields takes half the time of passing them as keywords.
    result.id = id
    result.last = True
    for node in nodes:
        payload = result.payloads.add()
        payload.key = node.key
        payload.type = node.type
        payload.status = node.status
        payload.data = data_to_bytes(node.data, node.key)
        if node._desc:
            for name, value in node.desc.items():
                payload.attributes[str(name)] = str(value)
    return batch.SerializeToString()  # type: ignore[no-any-return]


def _failure(id: int, code: int, text: str) -> bytes:
    batch = PluginBatch()
    try:
        batch.results.add(id=id, last=True, code=code, message=text)
    except ValueError as error:
        # A code past 32 bits, or text with lone surrogates.
        batch = PluginBatch()
        batch.results.add(id=id, last=True, code=USER_EXEC_ERROR, message=ascii(f"code {code}: {text} ({error})"))
    return batch.SerializeToString()  # type: ignore[no-any-return]
