"""What the plugin tells the host about its wrapper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiges.fields import Field, PayloadField
from aiges.loader import LoadedWrapper
from aiges.operation import tensors
from aiges.tensor_field import TensorField


def describe_capabilities(capabilities: Any, wrapper: LoadedWrapper) -> None:
    """Fills in the Capabilities of an InitReply, but for the numbers."""
    plain = wrapper.once
    capabilities.once = plain is not None
    capabilities.streaming_output = any(operation.yields for operation in wrapper.operations())
    capabilities.sessions = wrapper.has_sessions
    capabilities.chat = wrapper.chat is not None
    if plain is not None:
        _add_tensors(capabilities.inputs, tensors(plain.inputs))
        _add_tensors(capabilities.outputs, tensors(plain.outputs))
    for name, operation in wrapper.methods.items():
        method = capabilities.methods.add(name=name)
        _add_tensors(method.inputs, operation.inputs)
        _add_tensors(method.outputs, operation.outputs)


def _add_tensors(specs: Any, fields: Iterable[Field]) -> None:
    for field in fields:
        if isinstance(field, TensorField):
            specs.add(name=field.key, datatype=field.datatype, shape=field.shape, optional=field.optional)
        elif isinstance(field, PayloadField):
            # A method's text or picture: protocols of tensors send it as a single element.
            specs.add(name=field.key, datatype="BYTES", shape=[1])
