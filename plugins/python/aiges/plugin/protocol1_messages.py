"""Payloads of plugin protocol 1, and the results that are pushed on `communicate`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from aiges.chat import Usage
from aiges.core.types import DataEnd, Once
from aiges.dto import DataListCls, DataListNode, Response, ResponseData, data_to_bytes
from aiges.tensor import describe_tensor
from aiges.wire.messages import message

ResponseMessage = message("aiges.Response")


def from_wire(payloads: Any) -> DataListCls:
    """The payloads of a request or a frame, as the wrapper sees them. Tensors are described by the attributes."""
    return DataListCls([DataListNode(p.key, p.data, p.type, p.status, p.desc) for p in payloads])


def to_wire(response: Response, tag: str) -> Any:
    """The message for a response; one with an error code carries nothing else."""
    if response.error_code:
        return ResponseMessage(tag=tag, ret=response.error_code)
    return _message(tag, response.list, Once)


def _message(tag: str, nodes: Iterable[Any], once_status: int) -> Any:
    wire = ResponseMessage(tag=tag)
    for node in nodes:
        data = data_to_bytes(node.data, node.key)
        status = once_status if node.status == Once else node.status
        payload = wire.list.add(key=node.key, len=len(data), type=node.type, status=status, data=data)
        for name, value in node.desc.items():
            payload.desc[str(name)] = str(value)
        if node.tensor is not None:
            payload.desc.update(describe_tensor(node.tensor))
    return wire


class PushedResults:
    """Makes and pushes the results of one call that has several. This protocol knows a last result by the status of its
    payloads, so the end of a call is told by an empty payload with status DataEnd."""

    def __init__(self, tag: str, push: Callable[[Any], None]) -> None:
        self._tag = tag
        self.send = push
        """Takes a message."""
        self._last_node = ResponseData()

    def result(self, nodes: Iterable[Any], last: bool, once_status: int, usage: Usage | None = None) -> Any:
        """A message with these payloads; this protocol has no place for what was used."""
        nodes = list(nodes)
        self._last_node = nodes[0]
        return _message(self._tag, nodes, once_status)

    def failure(self, code: int, _text: str, _invalid_input: bool = False) -> Any:
        """The last message of a call that failed."""
        return ResponseMessage(tag=self._tag, ret=code)

    def end(self) -> Any:
        """The last message when all payloads have been sent."""
        node = self._last_node
        return _message(self._tag, [ResponseData(node.key, b"", type=node.type, status=DataEnd)], DataEnd)
