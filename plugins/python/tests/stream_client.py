"""A host of protocol 2 for tests of streams: every result of every id, in the order in which they came."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

from aiges.wire.messages import message
from tests.support import TIMEOUT_S, Plugin

_LENGTH = struct.Struct(">I")
_HostBatch = message("aiges.plugin.v2.HostBatch")
_PluginBatch = message("aiges.plugin.v2.PluginBatch")


class StreamClient:
    """Init, then the socket that the plugin offers."""

    def __init__(
        self, running: Plugin, concurrency: int = 1, limits: dict[str, int] | None = None, **config: str
    ) -> None:
        self.plugin = running
        init = {"config": config, "model": "svc", "concurrency": concurrency, **(limits or {})}
        request = message("aiges.plugin.v2.InitRequest")(**init)
        self.init = running.call("/aiges.plugin.v2.WrapperPlugin/Init", request, "aiges.plugin.v2.InitReply")
        if self.init.code:
            raise AssertionError(self.init.message)
        kind, _, address = self.init.stream.address.partition(":")
        if kind == "unix":
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(address)
        else:
            host, _, port = address.rpartition(":")
            self._socket = socket.create_connection((host, int(port)))
        self._reader = self._socket.makefile("rb", buffering=1 << 18)
        self._changed = threading.Condition()
        self._results: dict[int, list[Any]] = {}
        self._started: list[int] = []
        self._taken: dict[int, int] = {}
        self._ended = False
        self._send_frame(self.init.stream.token)
        self._thread = threading.Thread(target=self._collect)
        self._thread.start()

    def close(self) -> None:
        """Hangs up, as a host that was killed does."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT_S)
        self._reader.close()
        self._socket.close()

    def __enter__(self) -> StreamClient:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended or self._thread.is_alive():
            try:
                self.close()
            except OSError:
                self._socket.close()
        else:
            self._reader.close()
            self._socket.close()

    def send(self, *messages: dict[str, Any]) -> None:
        """Sends one batch."""
        self._send_frame(_HostBatch(messages=messages).SerializeToString())

    def results(self, id: int, count: int) -> list[Any]:
        """Waits until `count` results of a request are there, and returns all of them."""
        with self._changed:
            self._wait_for(lambda: len(self._results.get(id, ())) >= count, f"{count} results of {id}")
            return list(self._results.get(id, ()))

    def all_results(self, id: int) -> list[Any]:
        """Waits for the last result of a request and returns all of them."""
        with self._changed:
            self._wait_for(lambda: bool(self._results.get(id)) and self._results[id][-1].last, f"a last result of {id}")
            return list(self._results[id])

    def seen(self, id: int) -> list[Any]:
        """The results of a request so far."""
        with self._changed:
            return list(self._results.get(id, ()))

    def wait_started(self, id: int) -> None:
        """Waits until a session has been created."""
        with self._changed:
            self._wait_for(lambda: id in self._started, f"start of {id}")

    def started(self) -> list[int]:
        """The requests that were said to have started so far."""
        with self._changed:
            return list(self._started)

    def wait_taken(self, id: int, frames: int) -> None:
        """Waits until so many frames of a session have been taken, no more and no fewer."""
        with self._changed:
            self._wait_for(lambda: self._taken.get(id, 0) >= frames, f"{frames} taken frames of {id}")
            if self._taken.get(id, 0) != frames:
                raise AssertionError(f"{self._taken[id]} frames of {id} were taken instead of {frames}")

    def taken(self, id: int) -> int:
        """How many frames of a session have been taken so far."""
        with self._changed:
            return self._taken.get(id, 0)

    def shutdown(self, grace_ms: int) -> None:
        """Asks the plugin to end; returns when wrapperFini has returned."""
        request = message("aiges.plugin.v2.ShutdownRequest")(grace_ms=grace_ms)
        self.plugin.call("/aiges.plugin.v2.WrapperPlugin/Shutdown", request, "aiges.plugin.v2.ShutdownReply")

    def _wait_for(self, condition: Any, what: str) -> None:
        if not self._changed.wait_for(lambda: condition() or self._ended, TIMEOUT_S) or not condition():
            raise AssertionError(f"no {what}, only {self._results}; stderr: {self.plugin.stderr()}")

    def _send_frame(self, data: bytes) -> None:
        self._socket.sendall(_LENGTH.pack(len(data)) + data)

    def _collect(self) -> None:
        try:
            while header := self._reader.read(_LENGTH.size):
                batch = _PluginBatch.FromString(self._reader.read(_LENGTH.unpack(header)[0]))
                with self._changed:
                    self._started.extend(batch.started)
                    for taken in batch.taken:
                        self._taken[taken.id] = self._taken.get(taken.id, 0) + taken.frames
                    for result in batch.results:
                        self._results.setdefault(result.id, []).append(result)
                    self._changed.notify_all()
        except OSError:
            pass  # Hung up.
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def open_session(id: int, sid: str = "", **params: str) -> dict[str, Any]:
    """An open message."""
    sid = sid or f"sid-{id}"
    return {"id": id, "open": {"sid": sid, "params": {"sid": sid, **params}}}


def write(id: int, data: bytes, status: int = 1) -> dict[str, Any]:
    """A frame with one payload `img`."""
    return {"id": id, "write": {"payloads": [{"key": "img", "type": 2, "status": status, "data": data}]}}


def close(id: int) -> dict[str, Any]:
    """A close message."""
    return {"id": id, "close": {}}


def flow(id: int, paused: bool) -> dict[str, Any]:
    """A pause or a resume."""
    return {"id": id, "flow": {"paused": paused}}


def texts(results: list[Any]) -> list[str]:
    """The data of all payloads, in order."""
    return [payload.data.decode() for result in results for payload in result.payloads]


def statuses(results: list[Any]) -> list[int]:
    """The status of all payloads, in order."""
    return [payload.status for result in results for payload in result.payloads]
