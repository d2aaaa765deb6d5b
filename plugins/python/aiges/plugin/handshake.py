"""How a host and this process find each other: the go-plugin convention.

The host sets environment variables; the plugin listens and prints one line on stdout. Everything that it prints
otherwise goes to stderr, so that no output of the wrapper or of a C library can be taken for that line.
"""

from __future__ import annotations

import os
import re
import sys
import uuid
from collections.abc import Mapping
from typing import Any

COOKIE_NAME = "BASIC_PLUGIN"
COOKIE_VALUE = "hello"

_CORE_VERSION = 1
_SUPPORTED = (2, 1)
_SAFE_SOCKET_PATH = re.compile(r"[A-Za-z0-9/._-]{1,100}")
"""gRPC implementations disagree about other characters and cut longer paths."""


class HandshakeError(Exception):
    """This process was not started in a way that it could serve: the message says why."""


def check_cookie(environment: Mapping[str, str]) -> None:
    """Raises HandshakeError unless a plugin host started this process."""
    if environment.get(COOKIE_NAME) != COOKIE_VALUE:
        raise HandshakeError(
            "This program is a plugin: it serves a wrapper to a daemon, which starts it. It is not meant to be run by "
            f"hand.\nTo try your wrapper, run: {sys.executable} -m aiges run"
        )


def choose_protocol(environment: Mapping[str, str]) -> int:
    """The highest protocol that host and SDK both speak; 1 when the host does not say. Raises HandshakeError."""
    offered = environment.get("PLUGIN_PROTOCOL_VERSIONS", "1")
    versions = {part.strip() for part in offered.split(",")}
    for version in _SUPPORTED:
        if str(version) in versions:
            return version
    raise HandshakeError(f"the host speaks plugin protocol {offered!r}, this SDK speaks 1 and 2")


def is_safe_socket_path(path: str) -> bool:
    """Whether every library that may be on the other side takes this path for a Unix socket."""
    return _SAFE_SOCKET_PATH.fullmatch(path) is not None


def listen(server: Any, environment: Mapping[str, str]) -> tuple[str, str]:
    """Makes the gRPC server listen; returns network and address for the handshake line.

    A Unix socket in PLUGIN_UNIX_SOCKET_DIR when that is usable, else TCP on 127.0.0.1 with a port that the system
    chooses.
    """
    folder = environment.get("PLUGIN_UNIX_SOCKET_DIR")
    if folder:
        path = os.path.join(folder, f"plugin-{uuid.uuid4().hex[:12]}.sock")
        if is_safe_socket_path(path):
            try:
                if server.add_insecure_port(f"unix:{path}"):
                    return "unix", path
            except RuntimeError as error:
                print(f"WARNING cannot listen on {path} ({error}); using TCP", file=sys.stderr)
    port = server.add_insecure_port("127.0.0.1:0")
    return "tcp", f"127.0.0.1:{port}"


def handshake_line(protocol: int, network: str, address: str) -> bytes:
    """The line that tells the host where to connect."""
    return f"{_CORE_VERSION}|{protocol}|{network}|{address}|grpc\n".encode()


def guard_stdout() -> int:
    """Sends everything that is printed from now on to stderr, whoever prints it; returns a descriptor of the real
    stdout, which child processes do not inherit."""
    sys.stdout.flush()
    real_stdout = os.dup(1)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(line_buffering=True, encoding="utf-8", errors="backslashreplace")
    return real_stdout
