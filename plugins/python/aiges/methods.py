"""Methods: calls that clients address by name, beside the wrapper's plain one.

For example, in the class of a wrapper:

    @method(inputs=[TensorField("x", "FP32", [-1])], outputs=[TensorField("y", "FP32", [-1])])
    def double(self, x):
        return x * 2
"""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from aiges.dto import DataListCls, DataListNode
from aiges.errors import InvalidInput
from aiges.fields import JsonBodyField, PayloadField, StringBodyField
from aiges.operation import Operation, bind_inputs
from aiges.schema import declared_fields
from aiges.signature import SignatureError
from aiges.tensor_field import TensorField

CHAT = "chat"
"""The method that wrapperChat answers; no other may have this name."""

_MARK = "_aiges_method"


class MethodDeclaration(NamedTuple):
    """What `@method` says of a function."""

    name: str
    inputs: list[PayloadField]
    outputs: list[PayloadField]


def method(name: str = "", inputs: Any = (), outputs: Any = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function of the wrapper a method of the service, under its own name or another.

    `inputs` and `outputs` are lists of fields, or classes or objects with fields as `requestCls`. The function gets
    each input as the argument of its name: a tensor as a numpy array, a StringBodyField as text, a JsonBodyField as
    what the JSON says, any other as bytes. An input whose argument has a default may be left out; an optional tensor
    without one is None then. Arguments called `params` and `reqData` get what wrapperOnceExec gets.

    The function returns a Response, a dict by names of outputs, a tuple of all outputs, or the value of the only one;
    it may yield them, and be `async def`.
    """
    if callable(name):
        raise TypeError("write @method(), with parentheses")

    declared = (_payloads(inputs), _payloads(outputs))

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(function, _MARK, MethodDeclaration(name or function.__name__, *declared))
        return function

    return mark


def methods_of(instance: Any) -> dict[str, Operation]:
    """The methods of a wrapper by name, in the order of their definition. Raises SignatureError when a function does
    not take the inputs that it declares, or two methods have one name."""
    found: dict[str, Operation] = {}
    for attribute in _attributes(type(instance)):
        declaration = getattr(getattr(type(instance), attribute, None), _MARK, None)
        if declaration is None:
            continue
        if declaration.name in found or declaration.name == CHAT:
            raise SignatureError(f"the name of method {declaration.name!r} is taken; {CHAT!r} is wrapperChat's")
        found[declaration.name] = _operation(declaration, getattr(instance, attribute))
    return found


def _payloads(declaration: Any) -> list[PayloadField]:
    fields: list[Any] = list(declaration) if isinstance(declaration, (list, tuple)) else declared_fields(declaration)
    for field in fields:
        if not isinstance(field, PayloadField):
            raise TypeError(f"inputs and outputs of a method are body fields and tensors, not {field!r}")
    return fields


def _attributes(cls: type) -> list[str]:
    return list(dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base)))


def _operation(declaration: MethodDeclaration, function: Callable[..., Any]) -> Operation:
    title = f"method {declaration.name}"
    parameters = inspect.signature(function).parameters
    inputs = [_with_default(field, parameters) for field in declaration.inputs]
    names = [field.key for field in inputs]
    whole = [name for name in ("params", "reqData") if name in parameters and name not in names]
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    _check_parameters(title, parameters, names, whole, takes_any)
    passed = [field for field in inputs if takes_any or field.key in parameters]
    closed = "reqData" not in whole

    def call(params: dict[str, str], data: DataListCls, _tag: str, _pers_id: int) -> Any:
        if closed:
            _check_known(data, names, title)
        bind_inputs(inputs, data, title)
        arguments: dict[str, Any] = {name: params if name == "params" else data for name in whole}
        for field in passed:
            node = data.get(field.key)
            if node is not None:
                arguments[field.key] = _value(field, node)
            elif not _has_default(field, parameters) and not takes_any:
                if not isinstance(field, TensorField):
                    raise InvalidInput(f"input {field.key!r} is missing; {title} takes {', '.join(names)}")
                arguments[field.key] = None
        return function(**arguments)

    return Operation(title, function, call, inputs, declaration.outputs)


def _has_default(field: PayloadField, parameters: Mapping[str, inspect.Parameter]) -> bool:
    parameter = parameters.get(field.key)
    return parameter is not None and parameter.default is not parameter.empty


def _with_default(field: PayloadField, parameters: Mapping[str, inspect.Parameter]) -> PayloadField:
    if not field.optional and _has_default(field, parameters):
        field = copy.copy(field)
        field.optional = True
    return field


def _check_parameters(
    title: str, parameters: Mapping[str, inspect.Parameter], names: list[str], whole: list[str], takes_any: bool
) -> None:
    for parameter in parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            raise SignatureError(f"{title}: {parameter} cannot be given by name")
        known = parameter.name in names or parameter.name in whole or parameter.kind is parameter.VAR_KEYWORD
        if not known and parameter.default is parameter.empty:
            raise SignatureError(f"{title}: {parameter.name!r} is none of its inputs ({', '.join(names) or 'none'})")
    left = [name for name in names if name not in parameters]
    if left and not takes_any and "reqData" not in whole:
        raise SignatureError(f"{title} has no argument for its input {left[0]!r}")


def _check_known(data: DataListCls, names: list[str], title: str) -> None:
    for node in data.list:
        if node.key not in names:
            raise InvalidInput(f"unknown input {node.key!r}; {title} takes {', '.join(names) or 'none'}")


def _value(field: PayloadField, node: DataListNode) -> Any:
    if isinstance(field, TensorField):
        return node.numpy()
    try:
        if isinstance(field, JsonBodyField):
            return json.loads(node.data)
        return node.data.decode("utf-8") if isinstance(field, StringBodyField) else node.data
    except (ValueError, RecursionError) as error:
        kind = "JSON" if isinstance(field, JsonBodyField) else "text in UTF-8"
        raise InvalidInput(f"input {field.key!r} is no {kind}: {error}") from None
