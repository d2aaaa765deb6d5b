"""What a wrapper can do to its own process and to the host's stream, by the name of the fault."""
import gc
import os
import socket

from aiges.plugin.frame_socket import FrameConnection

_LEAKED = []


def _frame_socket():
    return next(one for one in gc.get_objects() if isinstance(one, FrameConnection))._socket


def _flood():
    line = b"flood " + b"x" * 93 + b"\n"
    for _ in range(200):
        os.write(1, line * 500)
    os.write(1, b"y" * 1_000_000)


def _leak():
    _LEAKED.append(b"\x01" * (128 << 20))


def _garbage():
    _frame_socket().sendall((200).to_bytes(4, "big") + os.urandom(200))


def _endless_frame():
    _frame_socket().sendall(b"\xff\xff\xff\xff" + os.urandom(200))


def _half_close():
    _frame_socket().shutdown(socket.SHUT_WR)


HARM = {
    "flood": _flood,
    "leak": _leak,
    "garbage": _garbage,
    "endless-frame": _endless_frame,
    "half-close": _half_close,
}
