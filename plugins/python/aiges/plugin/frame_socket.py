"""The socket that carries the stream of plugin protocol 2: 4 bytes length, most significant first, then a message.

A plain socket takes a fifth of the time that a gRPC stream takes for the same message, and what was written has left
this process when `send` returns: it reaches the host even if the wrapper crashes right after.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
import struct
import sys
import threading
import uuid
from collections.abc import Mapping
from time import monotonic

from aiges.plugin.handshake import is_safe_socket_path
from aiges.utils.log import log

TOKEN_TIME_S = 2.0
"""A caller that has not shown the token after this is turned away."""

_LENGTH = struct.Struct(">I")
_READ_AHEAD_BYTES = 1 << 18
_TOKEN_BYTES = 16


class FrameConnection:
    """One connection. Any thread may send; one at a time may receive."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._reader = sock.makefile("rb", buffering=_READ_AHEAD_BYTES)
        self._lock = threading.Lock()
        self._forked = False

    def leave_to_parent(self) -> None:
        """Called in a process that the wrapper has forked: only its parent answers requests."""
        self._forked = True
        with contextlib.suppress(OSError):
            os.close(self._socket.detach())

    def send(self, data: bytes) -> None:
        """Sends one message; waits while the host does not read. OSError when the host is gone. Does not return in a
        forked process."""
        if self._forked:
            log.error("a process that the wrapper has forked came back from its call; it ends")
            os._exit(1)
        with self._lock:
            self._socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> bytes | None:
        """The next message; None when the host has closed the connection. OSError when it broke."""
        header = self._reader.read(_LENGTH.size)
        if len(header) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(header)
        data = self._reader.read(length)
        return data if len(data) == length else None

    def close(self) -> None:
        """Ends the connection; whoever sends or receives at the moment sees its end, and so does the host."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


class FrameListener:
    """Waits for the one connection of the host, which shows the token first.

    Listens on a Unix socket in PLUGIN_UNIX_SOCKET_DIR when that is usable, else on a free port of 127.0.0.1.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.token = secrets.token_bytes(_TOKEN_BYTES)
        self._path = _unix_path(environment.get("PLUGIN_UNIX_SOCKET_DIR", ""))
        self._closed = False
        if self._path is not None:
            self._socket = socket.socket(socket.AF_UNIX)
            try:
                self._socket.bind(self._path)
            except OSError as error:
                print(f"WARNING cannot listen on {self._path} ({error}); using TCP", file=sys.stderr)
                self._socket.close()
                self._path = None
        if self._path is None:
            self._socket = socket.socket(socket.AF_INET)
            self._socket.bind(("127.0.0.1", 0))
            self.address = f"tcp:127.0.0.1:{self._socket.getsockname()[1]}"
        else:
            self.address = f"unix:{self._path}"
        # A wrapper may have set a default for all sockets.
        self._socket.settimeout(None)
        self._socket.listen()

    def accept(self) -> FrameConnection | None:
        """The host's connection; None when the listener was closed. Callers without the token are turned away.
        OSError when the system lets nobody in."""
        try:
            while True:
                sock, _ = self._socket.accept()
                if self._shows_token(sock):
                    sock.settimeout(None)
                    if sock.family == socket.AF_INET:
                        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return FrameConnection(sock)
                sock.close()
        except OSError:
            if self._closed:
                return None
            raise
        finally:
            self.close()

    def _shows_token(self, sock: socket.socket) -> bool:
        # Read by hand: a stranger must neither keep the host waiting nor choose how much is read.
        expected = _LENGTH.pack(_TOKEN_BYTES) + self.token
        shown = b""
        end = monotonic() + TOKEN_TIME_S
        with contextlib.suppress(OSError):
            while len(shown) < len(expected) and (left := end - monotonic()) > 0:
                sock.settimeout(left)
                part = sock.recv(len(expected) - len(shown))
                if not part:
                    break
                shown += part
        return hmac.compare_digest(shown, expected)

    def close(self) -> None:
        """Stops listening; an established connection stays."""
        self._closed = True
        # Closing alone does not wake a thread that accepts.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)


def _unix_path(folder: str) -> str | None:
    path = os.path.join(folder, f"run-{uuid.uuid4().hex[:12]}.sock")
    return path if folder and is_safe_socket_path(path) else None
