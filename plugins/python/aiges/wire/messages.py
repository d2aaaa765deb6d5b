"""Message classes of the plugin protocols.

They are made from the committed descriptor set, in a pool of their own: a wrapper may itself import packages that
define `aiges.Request` or `grpc.health.v1`, and two definitions of a name in protobuf's default pool are an error.
"""

from __future__ import annotations

import pathlib
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_pool = descriptor_pool.DescriptorPool()


def _load() -> None:
    data = pathlib.Path(__file__).with_name("plugin.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        _pool.AddSerializedFile(file.SerializeToString())


def message(name: str) -> Any:
    """The class of the message with this full name."""
    descriptor = _pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(_pool).GetPrototype(descriptor)  # protobuf 4.21


_load()
