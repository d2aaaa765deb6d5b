"""What the wrapper's calls return and yield, made into responses that can be sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aiges.core.types import Types
from aiges.dto import Response, ResponseData
from aiges.fields import JsonBodyField, PayloadField
from aiges.tensor_field import TensorField


class InvalidAnswer(TypeError):
    """A method of the wrapper returned something that is no answer."""


def to_response(value: Any, title: str, outputs: Sequence[PayloadField]) -> Response:
    """What the method `title` returned or yielded, as a Response. It may be one, a ResponseData or a list of them, a
    dict by names of outputs, a tuple with all of them in order, or the data of the only output. Raises InvalidAnswer,
    and TensorError for a tensor that is not what its output declares."""
    if isinstance(value, ResponseData):
        return check_answer(_response([value]), title, outputs)
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, ResponseData) for item in value):
        return check_answer(_response(value), title, outputs)
    if isinstance(value, dict):
        return _response([_output(_field(name, title, outputs), item, title) for name, item in value.items()])
    if isinstance(value, tuple) and len(value) == len(outputs) > 1:
        return _response([_output(field, item, title) for field, item in zip(outputs, value)])
    if value is None or (hasattr(value, "list") and hasattr(value, "error_code")):
        return check_answer(value, title, outputs)
    return _response([_output(_only(outputs, value, title), value, title)])


def check_answer(response: Any, title: str, outputs: Sequence[PayloadField]) -> Response:
    """Returns `response` when it can be sent and its tensors are those that are declared. Raises InvalidAnswer and
    TensorError."""
    checked = check_response(response, title)
    if not checked.error_code:
        declared = {field.key: field for field in outputs if isinstance(field, TensorField)}
        for node in checked.list:
            field = declared.get(node.key)
            if field is not None:
                field.check_output(node)
    return checked


def check_response(response: Any, method: str = "wrapperOnceExec") -> Response:
    """Returns `response` when it can be sent; raises InvalidAnswer that says what is wrong with what `method` gave."""
    try:
        nodes, code = response.list, response.error_code
    except AttributeError:
        if response is None:
            raise InvalidAnswer(f"{method} returned nothing; it must return a Response") from None
        raise InvalidAnswer(f"{method} must return a Response, not {type(response).__name__}") from None
    if code != 0:
        if not isinstance(code, int):
            raise InvalidAnswer(f"error_code must be a whole number, not {code!r}")
    elif not isinstance(nodes, (list, tuple)) and nodes is not None:
        raise InvalidAnswer(f"the list of a Response must be a list, not {type(nodes).__name__}")
    elif not nodes:
        raise InvalidAnswer("the Response has an empty list; put a ResponseData into it or set error_code")
    else:
        for node in nodes:
            if not node.key:
                raise InvalidAnswer("a ResponseData has no key; set key and data of each one in Response.list")
            if node.type not in Types:
                raise InvalidAnswer(f"ResponseData {node.key!r}: type {node.type!r} is none of {Types}")
    return response  # type: ignore[no-any-return]


def check_declared(response: Response, outputs: Sequence[PayloadField]) -> None:
    """For trying a wrapper out: raises InvalidAnswer when keys or types differ from the declared outputs."""
    declared = {field.key: field.data_type for field in outputs}
    keys = [node.key for node in response.list]
    if len(set(keys)) != len(keys):
        raise InvalidAnswer(f"keys in Response.list must differ: {keys}")
    for node in response.list:
        if declared and node.key not in declared:
            raise InvalidAnswer(f"output {node.key!r} is not declared in responseCls, which has {sorted(declared)}")
        if declared and node.type != declared[node.key]:
            wanted = Types[declared[node.key]]
            raise InvalidAnswer(f"output {node.key!r} is {Types[node.type]}, declared as {wanted}; set its type")


def _response(nodes: Sequence[ResponseData]) -> Response:
    response = Response()
    response.list = list(nodes)
    return response


def _field(name: str, title: str, outputs: Sequence[PayloadField]) -> PayloadField:
    for field in outputs:
        if field.key == name:
            return field
    declared = ", ".join(field.key for field in outputs) or "none"
    raise InvalidAnswer(f"{title} gave an output {name!r} that is not declared; declared are: {declared}")


def _only(outputs: Sequence[PayloadField], value: Any, title: str) -> PayloadField:
    if len(outputs) == 1:
        return outputs[0]
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        declared = f"{len(outputs)} outputs are declared"
        raise InvalidAnswer(f"{title} gave bare data, but {declared}; give a ResponseData, or a dict by their names")
    raise InvalidAnswer(f"{title} must return a Response, not {type(value).__name__}")


def _output(field: PayloadField, value: Any, title: str) -> ResponseData:
    if isinstance(field, TensorField):
        return field.output(value)
    if isinstance(field, JsonBodyField) and isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (str, bytes, bytearray, memoryview)):
        raise InvalidAnswer(f"{title} must return a Response, not {type(value).__name__}")
    return ResponseData(field.key, value, type=field.data_type)
