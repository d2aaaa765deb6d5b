"""Plugin protocol 2, `aiges.plugin.v2.WrapperPlugin`: see proto/plugin/wrapper-v2.proto for what each message means."""

from __future__ import annotations

import os
import threading
from typing import Any

import grpc

from aiges import __version__
from aiges.callback import set_sink
from aiges.errors import INIT_ERROR
from aiges.loader import LoadedWrapper, WrapperFailure, describe_exception
from aiges.plugin.batch_executor import BatchExecutor
from aiges.plugin.capabilities import describe_capabilities
from aiges.plugin.common_services import finish_then_exit
from aiges.plugin.frame_socket import FrameListener
from aiges.plugin.lifecycle import Lifecycle, start_wrapper
from aiges.plugin.once_executor import OnceExecutor
from aiges.plugin.result_writer import ResultWriter
from aiges.plugin.run_stream import RunStream
from aiges.plugin.sessions import Sessions
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
                self._wrapper = start_wrapper(self._lifecycle, request.config)
                self._start(self._wrapper, request, reply)
            except WrapperFailure as failure:
                log.error("%s", failure)
                reply.code = failure.code
                reply.message = str(failure)
            except BaseException as error:
                # SystemExit too, which would leave the host without a reply.
                log.exception("the wrapper cannot be served")
                reply.code = INIT_ERROR
                reply.message = describe_exception(error)
            return reply

    def _start(self, wrapper: LoadedWrapper, request: Any, reply: Any) -> None:
        reply.schema = wrapper.schema()
        concurrency = min(max(1, request.concurrency), MAX_CONCURRENCY)
        reply.version = wrapper.version
        describe_capabilities(reply.capabilities, wrapper)
        reply.capabilities.concurrency = concurrency
        batches = None
        if wrapper.batch is not None:
            batches = BatchExecutor(wrapper, request.max_batch, request.max_batch_delay_ms / 1000)
            reply.capabilities.max_batch = batches.size
        listener = FrameListener(os.environ)
        reply.stream.address = listener.address
        reply.stream.token = listener.token
        self._listener = listener
        run = (listener, wrapper, concurrency, batches)
        threading.Thread(target=self._run, args=run, name="run-reader", daemon=True).start()

    def _run(
        self, listener: FrameListener, wrapper: LoadedWrapper, concurrency: int, batches: BatchExecutor | None
    ) -> None:
        try:
            connection = listener.accept()
        except OSError as error:
            log.error("the host cannot connect: %s", error)
            self._lifecycle.request_exit(0.0)
            return
        if connection is not None:
            os.register_at_fork(after_in_child=connection.leave_to_parent)
            writer = ResultWriter(connection)
            sessions = Sessions(wrapper, writer)
            set_sink(sessions.take_result)
            once = OnceExecutor(wrapper, writer)
            self._stream = RunStream(once, concurrency, connection, sessions, wrapper.long_methods(), batches)
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
