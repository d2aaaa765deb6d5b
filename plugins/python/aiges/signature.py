"""Calls a wrapper's method with those arguments that it takes.

Wrappers differ in which of the optional arguments their methods have and in what they call them. The signature is read
once; what comes out is a plain function that always takes all of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Callable

_ALIASES = {
    "usrtag": "usrTag",
    "usertag": "usrTag",
    "tag": "usrTag",
    "persid": "persId",
    "psrid": "persId",
    "psrids": "persId",
    "sid": "sid",
}
"""Names that wrappers give to the optional arguments, in lower case."""


class SignatureError(TypeError):
    """A method of the wrapper cannot take what it must be given."""


def adapt(method: Callable[..., Any], required: Sequence[str], optional: Sequence[str]) -> Callable[..., Any]:
    """Returns `call(*required_values, *optional_values)` for `method`.

    The required arguments go by position, whatever their names (or by name where they are keyword-only). Optional ones
    go where a parameter has their name or one of its usual spellings; a parameter of another name without default gets
    the first optional one that is left. Raises SignatureError when that is impossible.
    """
    try:
        parameters = list(inspect.signature(method).parameters.values())
    except ValueError:
        # Written in C, without a signature.
        return _by_position(method, len(required))
    names = [*required, *optional]
    positional: list[int] = []
    keyword: dict[str, int] = {}
    left = list(range(len(names)))
    for index, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(left)
            left = []
        elif parameter.kind is parameter.VAR_KEYWORD:
            for position in left:
                keyword[names[position]] = position
            left = []
        else:
            chosen = _choose(parameter, index, names, len(required), left)
            if chosen is None:
                if parameter.default is parameter.empty:
                    raise SignatureError(f"{_title(method)} has a parameter {parameter.name!r} that nothing fits")
                continue
            left.remove(chosen)
            by_name = parameter.kind is parameter.KEYWORD_ONLY or len(positional) != index
            if by_name:
                keyword[parameter.name] = chosen
            else:
                positional.append(chosen)
    missing = [names[position] for position in left if position < len(required)]
    if missing:
        raise SignatureError(
            f"{_title(method)} must take {', '.join(required)}; it has no place for {', '.join(missing)}"
        )
    if not keyword and positional == list(range(len(required))):
        return _by_position(method, len(required))
    return lambda *values: method(*[values[i] for i in positional], **{k: values[i] for k, i in keyword.items()})


def accepted_keywords(function: Callable[..., Any], offered: dict[str, Any]) -> dict[str, Any]:
    """Those of the `offered` keyword arguments that `function` takes."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return dict(offered)
    takes = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return {name: value for name, value in offered.items() if name in takes}


def _choose(parameter: inspect.Parameter, index: int, names: list[str], required: int, left: list[int]) -> int | None:
    if parameter.kind is parameter.KEYWORD_ONLY and parameter.name in names[:required]:
        return names.index(parameter.name)
    if index < required and parameter.kind is not parameter.KEYWORD_ONLY:
        return index
    alias = _ALIASES.get(parameter.name.lower(), parameter.name)
    if alias in names and names.index(alias) in left:
        return names.index(alias)
    if parameter.default is parameter.empty and left:
        return left[0]
    return None


def _by_position(method: Callable[..., Any], count: int) -> Callable[..., Any]:
    if count == 1:
        return lambda a, *_: method(a)
    if count == 2:
        return lambda a, b, *_: method(a, b)
    return lambda *values: method(*values[:count])


def _title(method: Callable[..., Any]) -> str:
    return getattr(method, "__qualname__", repr(method))
