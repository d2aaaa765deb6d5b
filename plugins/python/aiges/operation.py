"""What a client can ask of a wrapper: its plain call, one of its methods, or the chat."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import partial
from typing import Any, Callable

from aiges.answers import check_answer, check_response, to_response
from aiges.dto import DataListCls, DataListNode, Response
from aiges.errors import InvalidInput
from aiges.fields import PayloadField
from aiges.tensor import TensorError, split_elements
from aiges.tensor_field import TensorField

PLAIN = "wrapperOnceExec"


class Operation:
    """One of them: `call(params, reqData, usrTag, persId)`, which calls `function`, be it plain, a generator or `async
    def`. `title` names it in messages.

    `answer` makes a Response of what the call returned, or of each value that it yielded, and raises InvalidAnswer or
    TensorError when it cannot; by default whatever an answer can be becomes one.
    """

    def __init__(
        self,
        title: str,
        function: Callable[..., Any],
        call: Callable[..., Any],
        inputs: Sequence[PayloadField] = (),
        outputs: Sequence[PayloadField] = (),
        answer: Callable[[Any], Response] | None = None,
    ) -> None:
        self.title = title
        self.call = call
        self.inputs = inputs
        self.outputs = outputs
        self.answer = answer or (lambda value: to_response(value, title, outputs))
        self.is_async_generator = inspect.isasyncgenfunction(function)
        self.is_coroutine = inspect.iscoroutinefunction(function)
        self.yields = inspect.isgeneratorfunction(function) or self.is_async_generator
        """Whether it may have several results."""
        self.waits = self.yields or self.is_coroutine
        """Whether it may take its time."""


def plain_operation(
    function: Callable[..., Any],
    call: Callable[..., Any],
    inputs: Sequence[PayloadField],
    outputs: Sequence[PayloadField],
) -> Operation:
    """The plain call of a wrapper. What it returns must be a Response; what it yields, whatever an answer can be."""
    declared = tensor_signature(inputs)

    def bound(params: dict[str, str], data: DataListCls, tag: str, pers_id: int) -> Any:
        bind_inputs(declared, data, PLAIN)
        return call(params, data, tag, pers_id)

    yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    answer: Callable[[Any], Response] | None = None
    if not yields:
        # Most wrappers have no tensors, and what every request takes should be short.
        answer = partial(check_answer, title=PLAIN, outputs=outputs) if tensor_signature(outputs) else check_response
    return Operation(PLAIN, function, bound if declared else call, inputs, outputs, answer)


def tensor_signature(fields: Sequence[PayloadField]) -> list[PayloadField]:
    """What a call that takes or gives tensors has: they and the other payloads. Empty when there is no tensor."""
    return list(fields) if any(isinstance(field, TensorField) for field in fields) else []


def bind_inputs(fields: Sequence[PayloadField], data: DataListCls, title: str) -> None:
    """Makes a request's payloads what is declared. Protocols of tensors send a text or a picture as a tensor with a
    single element: it becomes that element. Raises InvalidInput when a tensor is not the declared one."""
    for field in fields:
        node = data.get(field.key)
        if node is not None:
            _bind(field, node)
        elif isinstance(field, TensorField) and not field.optional:
            raise InvalidInput(f"tensor {field.key!r} is missing; {title} takes {field}")


def _bind(field: PayloadField, node: DataListNode) -> None:
    try:
        if isinstance(field, TensorField):
            field.check_input(node)
        elif node.tensor is not None:
            (node.data,) = split_elements(node.data, 1, field.key)
            node.len = len(node.data)
            node.tensor = None
    except TensorError as error:
        raise InvalidInput(str(error)) from None
