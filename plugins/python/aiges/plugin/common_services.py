"""Services that a go-plugin host expects beside the wrapper's: health and the controller."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import grpc

from aiges.plugin.lifecycle import Lifecycle
from aiges.wire.messages import message

_HealthCheckRequest = message("grpc.health.v1.HealthCheckRequest")
_HealthCheckResponse = message("grpc.health.v1.HealthCheckResponse")
_Empty = message("google.protobuf.Empty")

_SERVING = 1
_SERVICE_UNKNOWN = 3
_SERVICES = ("", "plugin")

CONTROLLER_GRACE_S = 2.0
"""How long running calls may take to finish after go-plugin's Shutdown, which names no time."""


def health_handler() -> grpc.GenericRpcHandler:
    """`grpc.health.v1.Health`: the service `plugin` is SERVING as long as this process answers."""

    def check(request: Any, context: grpc.ServicerContext) -> Any:
        if request.service not in _SERVICES:
            context.abort(grpc.StatusCode.NOT_FOUND, f"unknown service {request.service!r}")
        return _HealthCheckResponse(status=_SERVING)

    def watch(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        ended = threading.Event()
        if not context.add_callback(ended.set):
            return
        yield _HealthCheckResponse(status=_SERVING if request.service in _SERVICES else _SERVICE_UNKNOWN)
        ended.wait()

    return grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health",
        {
            "Check": grpc.unary_unary_rpc_method_handler(
                check, _HealthCheckRequest.FromString, _HealthCheckResponse.SerializeToString
            ),
            "Watch": grpc.unary_stream_rpc_method_handler(
                watch, _HealthCheckRequest.FromString, _HealthCheckResponse.SerializeToString
            ),
        },
    )


def controller_handler(lifecycle: Lifecycle) -> grpc.GenericRpcHandler:
    """`plugin.GRPCController/Shutdown`: an orderly exit after the reply."""

    def shutdown(_request: Any, context: grpc.ServicerContext) -> Any:
        finish_then_exit(lifecycle, context, CONTROLLER_GRACE_S)
        return _Empty()

    return grpc.method_handlers_generic_handler(
        "plugin.GRPCController",
        {"Shutdown": grpc.unary_unary_rpc_method_handler(shutdown, _Empty.FromString, _Empty.SerializeToString)},
    )


def finish_then_exit(lifecycle: Lifecycle, context: grpc.ServicerContext, grace_s: float) -> None:
    """Finishes the wrapper and lets the process exit once the reply of this call has gone out."""
    lifecycle.finish(grace_s)
    if not context.add_callback(lambda: lifecycle.request_exit(0.0)):
        lifecycle.request_exit(0.0)
