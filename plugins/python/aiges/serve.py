"""The plugin process: `python -m aiges.serve`, started by a daemon. It serves the module `wrapper` over gRPC."""

from __future__ import annotations

import os
import sys
from concurrent import futures
from typing import Any, NoReturn

_THREADS = 128
"""Calls of protocol 1 in flight, each of which holds a thread. Protocol 2 uses a handful."""


def main() -> NoReturn:
    """Listens, prints the handshake line and serves until the host ends it. Exit code 1 with the reason on stderr when
    it was not started by a host or cannot listen."""
    from aiges.plugin import handshake

    try:
        handshake.check_cookie(os.environ)
        protocol = handshake.choose_protocol(os.environ)
    except handshake.HandshakeError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    stdout = handshake.guard_stdout()
    try:
        import google.protobuf  # noqa: F401
        import grpc
    except ImportError as error:
        print(f"ERROR {missing_package_message(error)}", file=sys.stderr)
        sys.exit(1)
    _serve(grpc, protocol, stdout)


def missing_package_message(error: ImportError) -> str:
    """Which interpreter lacks which package, and the command that installs it."""
    return (
        f"{sys.executable} cannot import {error.name or 'grpc'} ({error}). "
        f"Install what the SDK needs: {sys.executable} -m pip install grpcio protobuf"
    )


def _serve(grpc: Any, protocol: int, stdout: int) -> NoReturn:
    from aiges.plugin import handshake, lifecycle
    from aiges.plugin.common_services import controller_handler, health_handler
    from aiges.utils.log import capture_standard_logging, log

    capture_standard_logging()
    life = lifecycle.Lifecycle()
    options = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=_THREADS), options=options)
    if protocol == 2:
        from aiges.plugin.protocol2 import WrapperPlugin

        service = WrapperPlugin(life).handler()
    else:
        from aiges.plugin.protocol1 import WrapperService

        service = WrapperService(life).handler()
    server.add_generic_rpc_handlers((service, health_handler(), controller_handler(life)))
    network, address = handshake.listen(server, os.environ)
    server.start()
    lifecycle.install_signal_handlers(life)
    lifecycle.watch_parent(life)
    os.write(stdout, handshake.handshake_line(protocol, network, address))
    try:
        life.wait()
        server.stop(0.2).wait(0.5)
        if network == "unix" and os.path.exists(address):
            os.unlink(address)
    except BaseException:
        log.exception("the plugin does not end in order")
    # Whatever happened: the wrapper's threads would keep a process alive whose main thread has ended.
    lifecycle.end_process(0)
    raise AssertionError("unreachable")


if __name__ == "__main__":
    main()
