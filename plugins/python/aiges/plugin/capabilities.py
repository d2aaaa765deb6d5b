"""What the plugin tells the host about its wrapper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiges.fields import PayloadField
from aiges.loader import LoadedWrapper
from aiges.operation import tensor_signature
from aiges.tensor_field import TensorField


def describe_capabilities(capabilities: Any, wrapper: LoadedWrapper) -> None:
    """Fills in the Capabilities of an InitReply, but for the numbers."""
    plain = wrapper.once
    capabilities.once = plain is not None
    capabilities.streaming_output = any(operation.yields for operation in wrapper.operations())
    capabilities.sessions = wrapper.has_sessions
    capabilities.chat = wrapper.chat is not None
    if plain is not None:
        _add_tensors(capabilities.inputs, tensor_signature(plain.inputs))
        _add_tensors(capabilities.outputs, tensor_signature(plain.outputs))
    for name, operation in wrapper.methods.items():
        method = capabilities.methods.add(name=name)
        _add_tensors(method.inputs, operation.inputs)
        _add_tensors(method.outputs, operation.outputs)


def _add_tensors(specs: Any, fields: Iterable[PayloadField]) -> None:
    for field in fields:
        if isinstance(field, TensorField):
            specs.add(name=field.key, datatype=field.datatype, shape=field.shape, optional=field.optional)
        else:
            # A text or picture: protocols of tensors send it as a single element.
            specs.add(name=field.key, datatype="BYTES", shape=[1], optional=field.optional)
