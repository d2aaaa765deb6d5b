"""The messages of plugin protocol 2 that carry results, serialized, and the payloads of requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiges.answers import InvalidAnswer
from aiges.chat import Usage
from aiges.core.types import Once
from aiges.dto import DataListCls, DataListNode, data_to_bytes
from aiges.errors import USER_EXEC_ERROR
from aiges.tensor import TensorInfo
from aiges.wire.messages import message

HostBatch = message("aiges.plugin.v2.HostBatch")
PluginBatch = message("aiges.plugin.v2.PluginBatch")

MAX_RESULT_BYTES = 500 << 20
"""A host takes messages of 512 MiB, and small results may travel in front of a large one."""


def request_data(payloads: Iterable[Any]) -> DataListCls:
    """The payloads of a request or a frame, as the wrapper sees them."""
    nodes = []
    for payload in payloads:
        node = DataListNode(payload.key, payload.data, payload.type, payload.status, payload.attributes)
        if payload.HasField("tensor"):
            node.tensor = TensorInfo(payload.tensor.datatype, tuple(payload.tensor.shape))
        nodes.append(node)
    return DataListCls(nodes)


def result(
    id: int, nodes: Iterable[Any], last: bool = True, once_status: int = Once, usage: Usage | None = None
) -> bytes:
    """A PluginBatch with one result; payloads whose status is Once get `once_status`. Raises InvalidAnswer for a result
    that no host would take."""
    batch = PluginBatch()
    result = batch.results.add()
    # Assigning the fields takes half the time of passing them as keywords.
    result.id = id
    result.last = last
    for node in nodes:
        payload = result.payloads.add()
        payload.key = node.key
        payload.type = node.type
        status = node.status
        payload.status = once_status if status == Once else status
        payload.data = data_to_bytes(node.data, node.key)
        if node._desc:
            for name, value in node.desc.items():
                payload.attributes[str(name)] = str(value)
        if node.tensor is not None:
            payload.tensor.datatype, payload.tensor.shape[:] = node.tensor
    if usage is not None:
        result.usage.input, result.usage.output = usage
    serialized: bytes = batch.SerializeToString()
    if len(serialized) > MAX_RESULT_BYTES:
        most = f"{MAX_RESULT_BYTES >> 20} MiB"
        raise InvalidAnswer(f"a result of {len(serialized)} bytes cannot be sent: at most {most}; yield it in parts")
    return serialized


def failure(id: int, code: int, text: str, invalid_input: bool = False) -> bytes:
    """A PluginBatch with the last result of a call that failed; `invalid_input`: by its client's fault."""
    batch = PluginBatch()
    try:
        batch.results.add(id=id, last=True, code=code, message=text, invalid_input=invalid_input)
    except ValueError as error:
        # A code past 32 bits, or text with lone surrogates.
        batch = PluginBatch()
        batch.results.add(id=id, last=True, code=USER_EXEC_ERROR, message=ascii(f"code {code}: {text} ({error})"))
    return batch.SerializeToString()  # type: ignore[no-any-return]


def cancelled_result(id: int) -> bytes:
    """The answer to a request that was cancelled before the wrapper began it."""
    return failure(id, USER_EXEC_ERROR, "cancelled before it began")


def started(id: int) -> bytes:
    """A PluginBatch that says that the wrapper has begun a request, or created a session."""
    return PluginBatch(started=[id]).SerializeToString()  # type: ignore[no-any-return]


def frames_taken(id: int, frames: int) -> bytes:
    """A PluginBatch that says how many further frames of a session its wrapper took."""
    batch = PluginBatch()
    batch.taken.add(id=id, frames=frames)
    return batch.SerializeToString()  # type: ignore[no-any-return]


class StreamedResults:
    """Makes the results of one call that has several, and sends all but the last: that one is sent by who ends the
    call."""

    def __init__(self, id: int, send: Any) -> None:
        self._id = id
        self.send = send
        """Takes a serialized PluginBatch."""

    def result(self, nodes: Iterable[Any], last: bool, once_status: int = Once, usage: Usage | None = None) -> bytes:
        """A result with these payloads."""
        return result(self._id, nodes, last, once_status, usage)

    def failure(self, code: int, text: str, invalid_input: bool = False) -> bytes:
        """The last result of a call that failed."""
        return failure(self._id, code, text, invalid_input)

    def end(self) -> bytes:
        """The last result when all payloads have been sent."""
        return result(self._id, ())
