"""What a client can ask of a wrapper: its plain call, one of its methods, or the chat."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Callable

from aiges.answers import check_response, to_response
from aiges.dto import DataListCls, Response
from aiges.fields import Field, PayloadField
from aiges.tensor import TensorError
from aiges.tensor_field import TensorField

PLAIN = "wrapperOnceExec"


class Operation:
    """One of them: `call(params, reqData, usrTag, persId)`, which may be a generator or a coroutine, or both, and what
    its values become. `title` names it in messages."""

    def __init__(
        self,
        title: str,
        function: Callable[..., Any],
        call: Callable[..., Any],
        inputs: Sequence[Field] = (),
        outputs: Sequence[PayloadField] = (),
    ) -> None:
        self.title = title
        self.call = call
        self.inputs = inputs
        self.outputs = outputs
        self.is_async_generator = inspect.isasyncgenfunction(function)
        self.is_coroutine = inspect.iscoroutinefunction(function)
        self.yields = inspect.isgeneratorfunction(function) or self.is_async_generator
        """Whether it may have several results."""
        self.waits = self.yields or self.is_coroutine
        """Whether it may take its time."""

    def answer(self, value: Any) -> Response:
        """What the call returned, or one value that it yielded, as a Response. Raises InvalidAnswer or TensorError."""
        return to_response(value, self.title, self.outputs)


class PlainOperation(Operation):
    """The plain call of a wrapper. What it returns must be a Response; what it yields, whatever an answer can be."""

    def __init__(
        self,
        function: Callable[..., Any],
        call: Callable[..., Any],
        inputs: Sequence[Field],
        outputs: Sequence[PayloadField],
    ) -> None:
        declared = tensors(inputs)

        def checked(params: dict[str, str], data: DataListCls, tag: str, pers_id: int) -> Any:
            check_tensors(declared, data, PLAIN)
            return call(params, data, tag, pers_id)

        super().__init__(PLAIN, function, checked if declared else call, inputs, outputs)
        if not self.yields:
            self.answer = check_response  # type: ignore[method-assign]


def tensors(fields: Sequence[Field]) -> list[TensorField]:
    """The tensors among fields."""
    return [field for field in fields if isinstance(field, TensorField)]


def check_tensors(fields: Sequence[TensorField], data: DataListCls, title: str) -> None:
    """Raises TensorError when a request's tensors are not those that are declared."""
    for field in fields:
        node = data.get(field.key)
        if node is not None:
            field.check_input(node)
        elif not field.optional:
            raise TensorError(f"tensor {field.key!r} is missing; {title} takes {field}")
