"""A plugin process for tests: started as a host starts it, driven over its real socket."""

from __future__ import annotations

import contextlib
import os
import pathlib
import queue
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import grpc

from aiges.wire.messages import message

SDK = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT_S = 20

HEADER = """
from aiges.core.types import *
from aiges.dto import Response, ResponseData, DataListCls, SessionCreateResponse, callback
from aiges.sdk import *

class UserRequest:
    img = ImageBodyField(key="img", path="test.png")

class UserResponse:
    result = StringBodyField(key="result")

def answer(data):
    response = Response()
    node = ResponseData()
    node.key = "result"
    node.data = data
    response.list = [node]
    return response

class Base(WrapperBase):
    serviceId = "svc"
    version = "v3"
    requestCls = UserRequest()
    responseCls = UserResponse()
    def wrapperInit(self, config):
        return 0
"""
"""What every test's wrapper begins with."""

ECHO = """
class Wrapper(Base):
    def wrapperOnceExec(self, params, reqData):
        return answer(reqData.get("img").data)
"""


class Plugin:
    """A running `python -m aiges.serve` and a channel to it."""

    def __init__(self, folder: pathlib.Path, protocols: str | None, environment: dict[str, str]) -> None:
        variables = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{SDK}", "BASIC_PLUGIN": "hello", **environment}
        variables.pop("PLUGIN_PROTOCOL_VERSIONS", None)
        if protocols is not None:
            variables["PLUGIN_PROTOCOL_VERSIONS"] = protocols
        self.stderr_path = folder / "stderr.log"
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "aiges.serve"],
                cwd=folder,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        self.line = self.process.stdout.readline().decode().rstrip("\n")  # type: ignore[union-attr]
        parts = self.line.split("|")
        if len(parts) != 5:
            raise AssertionError(f"no handshake line but {self.line!r}; stderr: {self.stderr()}")
        self.network, self.address = parts[2], parts[3]
        target = f"unix:{self.address}" if self.network == "unix" else self.address
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(target, options=options)
        self.sockets: list[socket.socket] = []

    def call(self, method: str, request: Any, reply: str) -> Any:
        """A unary call of `/package.Service/Method`."""
        call = self.channel.unary_unary(method, type(request).SerializeToString, message(reply).FromString)
        return call(request, timeout=TIMEOUT_S, wait_for_ready=True)

    def stream(self, method: str, request: str, reply: str) -> tuple[queue.SimpleQueue[Any], Any]:
        """A bidirectional stream: a queue for requests (None ends them) and the call."""
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        open_call = self.channel.stream_stream(method, message(request).SerializeToString, message(reply).FromString)
        return requests, open_call(iter(requests.get, None), wait_for_ready=True)

    def stderr(self) -> str:
        """What the process has written to stderr so far."""
        return self.stderr_path.read_text()

    def stop(self) -> None:
        """Ends the process, if it has not ended, and waits for it."""
        self.channel.close()
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(TIMEOUT_S)
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.stdout.close()  # type: ignore[union-attr]


@contextlib.contextmanager
def plugin(source: str, protocols: str | None = "1,2", raw: bool = False, **environment: str) -> Iterator[Plugin]:
    """Runs a plugin with this wrapper.py (HEADER is put in front, unless `raw`) in a new folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        body = textwrap.dedent(source)
        (folder / "wrapper.py").write_text(body if raw else HEADER + body)
        environment.setdefault("PLUGIN_UNIX_SOCKET_DIR", name)
        running = Plugin(folder, protocols, environment)
        try:
            yield running
        finally:
            running.stop()


def frame(data: bytes) -> bytes:
    """A message as it goes over the socket of the stream."""
    return struct.pack(">I", len(data)) + data


def connect(address: str) -> socket.socket:
    """Connects to the address of a stream, `unix:/path` or `tcp:host:port`."""
    kind, _, place = address.partition(":")
    if kind == "tcp":
        host, port = place.split(":")
        return socket.create_connection((host, int(port)), TIMEOUT_S)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(TIMEOUT_S)
    sock.connect(place)
    return sock


def read_frames(sock: socket.socket) -> Iterator[bytes]:
    """Messages until the other side closes the connection."""
    with sock.makefile("rb") as reader:
        while len(header := reader.read(4)) == 4:
            yield reader.read(*struct.unpack(">I", header))


class Run:
    """Protocol 2 on a plugin: Init, then the stream, whose results are collected by id."""

    def __init__(self, running: Plugin, concurrency: int = 1, connect: bool = True, **config: str) -> None:
        self.plugin = running
        request = message("aiges.plugin.v2.InitRequest")(config=config, model="svc", concurrency=concurrency)
        self.init = running.call("/aiges.plugin.v2.WrapperPlugin/Init", request, "aiges.plugin.v2.InitReply")
        self.events: list[tuple[str, int]] = []
        self._changed = threading.Condition()
        self._results: dict[int, Any] = {}
        self._ended: str | None = None
        if self.init.code == 0 and connect:
            self.open()

    def open(self) -> None:
        """Connects to the stream and shows the token."""
        self.socket = connect(self.init.stream.address)
        self.socket.settimeout(None)
        self.plugin.sockets.append(self.socket)
        self.send_bytes(frame(self.init.stream.token))
        threading.Thread(target=self._collect, daemon=True).start()

    def send(self, *messages: dict[str, Any]) -> None:
        """Sends one batch."""
        self.send_bytes(frame(batch(*messages)))

    def send_bytes(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def result(self, id: int) -> Any:
        """Waits for the result of a request."""
        with self._changed:
            if not self._changed.wait_for(lambda: id in self._results or self._ended is not None, TIMEOUT_S):
                raise AssertionError(f"no result of {id}; stderr: {self.plugin.stderr()}")
            if id not in self._results:
                raise ConnectionError(self._ended)
            return self._results[id]

    def wait_ended(self) -> None:
        """Waits until the plugin has closed the connection."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended is not None, TIMEOUT_S):
                raise AssertionError("the stream goes on")

    def wait_started(self, id: int) -> None:
        """Waits until a request was announced."""
        with self._changed:
            if not self._changed.wait_for(lambda: ("started", id) in self.events, TIMEOUT_S):
                raise AssertionError(f"{id} was never announced: {self.events}")

    def once(self, id: int, data: bytes = b"data", **params: str) -> Any:
        """Sends one request and waits for its result."""
        self.send(once(id, data, **params))
        return self.result(id)

    def shutdown(self, grace_ms: int) -> None:
        """Asks the plugin to end."""
        request = message("aiges.plugin.v2.ShutdownRequest")(grace_ms=grace_ms)
        self.plugin.call("/aiges.plugin.v2.WrapperPlugin/Shutdown", request, "aiges.plugin.v2.ShutdownReply")

    def _collect(self) -> None:
        ended = "the stream ended"
        try:
            for data in read_frames(self.socket):
                answers = message("aiges.plugin.v2.PluginBatch").FromString(data)
                with self._changed:
                    self.events.extend(("started", id) for id in answers.started)
                    for result in answers.results:
                        self.events.append(("result", result.id))
                        self._results[result.id] = result
                    self._changed.notify_all()
        except OSError as error:
            ended = str(error)
        with self._changed:
            self._ended = ended
            self._changed.notify_all()


def batch(*messages: dict[str, Any]) -> bytes:
    """A serialized HostBatch."""
    return message("aiges.plugin.v2.HostBatch")(messages=messages).SerializeToString()  # type: ignore[no-any-return]


def once(id: int, data: bytes = b"data", **params: str) -> dict[str, Any]:
    """A once message with one payload `img`."""
    payload = {"key": "img", "type": 2, "status": 3, "attributes": {"encoding": "jpg"}, "data": data}
    return {"id": id, "once": {"sid": f"sid-{id}", "params": {"sid": f"sid-{id}", **params}, "payloads": [payload]}}


def cancel(id: int) -> dict[str, Any]:
    """A cancel message."""
    return {"id": id, "cancel": {"reason": "test"}}
