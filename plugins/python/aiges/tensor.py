"""Tensors as they travel: a datatype, a shape, and the elements in row-major order, least significant byte first.

The datatypes are those of the Open Inference Protocol: BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64,
and BYTES, whose elements have 4 bytes length before each. Nothing here needs numpy; `aiges.tensor_arrays` does.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

_FORMATS = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "BF16": "H",
    "FP32": "f",
    "FP64": "d",
}

ITEM_BYTES: Mapping[str, int] = {name: struct.calcsize("<" + code) for name, code in _FORMATS.items()}
"""Bytes of one element; BYTES has none, its elements differ."""

DATATYPES = (*_FORMATS, "BYTES")

_LENGTH = struct.Struct("<I")


class TensorError(ValueError):
    """A tensor's datatype, shape and data do not fit together, or not what was declared; the message names it."""


class TensorInfo(NamedTuple):
    """What the bytes of a payload are."""

    datatype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.datatype} {list(self.shape)}"


def check_datatype(datatype: str, key: str) -> None:
    """Raises TensorError for one that does not exist."""
    if datatype not in DATATYPES:
        raise TensorError(f"tensor {key!r} has the unknown datatype {datatype!r}; there are {', '.join(DATATYPES)}")


def described_tensor(attributes: Mapping[str, str], key: str) -> TensorInfo | None:
    """The tensor that a payload's attributes `datatype` and `shape` (JSON) describe, where a protocol has no other
    place for them. None when either is missing. Raises TensorError."""
    datatype, text = attributes.get("datatype"), attributes.get("shape")
    if datatype is None or text is None:
        return None
    try:
        shape = json.loads(text)
    except (ValueError, RecursionError):
        shape = None
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise TensorError(f"the shape of tensor {key!r} must be a JSON array of sizes such as [1, 16], not {text!r}")
    return TensorInfo(datatype, tuple(shape))


def describe_tensor(info: TensorInfo) -> dict[str, str]:
    """The attributes that `described_tensor` reads."""
    return {"datatype": info.datatype, "shape": json.dumps(list(info.shape))}


def fits(shape: Sequence[int], declared: Sequence[int]) -> bool:
    """Whether a shape is one of those that a declared one, with -1 for any size, stands for."""
    return len(shape) == len(declared) and all(want in (-1, size) for size, want in zip(shape, declared))


def check_data(info: TensorInfo, data: bytes, key: str) -> None:
    """Raises TensorError when the data is not as long as datatype and shape say."""
    check_datatype(info.datatype, key)
    count = prod(info.shape)
    if info.datatype == "BYTES":
        split_elements(data, count, key)
    elif len(data) != count * ITEM_BYTES[info.datatype]:
        wanted = count * ITEM_BYTES[info.datatype]
        raise TensorError(f"tensor {key!r}, {info}, must have {wanted} bytes; it has {len(data)}")


def split_elements(data: bytes, count: int, key: str) -> list[bytes]:
    """The elements of a BYTES tensor. Raises TensorError when the data is not `count` elements."""
    elements = []
    position = 0
    while position + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, position)
        end = position + _LENGTH.size + length
        if end > len(data):
            break
        elements.append(bytes(data[position + _LENGTH.size : end]))
        position = end
    if position != len(data):
        raise TensorError(f"BYTES tensor {key!r}: no element of full length begins at byte {position} of {len(data)}")
    if len(elements) != count:
        raise TensorError(f"BYTES tensor {key!r} must have {count} elements for its shape; it has {len(elements)}")
    return elements


def join_elements(elements: Iterable[Any], key: str) -> bytes:
    """The data of a BYTES tensor; text is sent as UTF-8. Raises TensorError for what is neither bytes nor text."""
    parts: list[bytes] = []
    for element in elements:
        if isinstance(element, str):
            element = element.encode("utf-8")
        elif not isinstance(element, bytes):
            raise TensorError(f"an element of BYTES tensor {key!r} must be bytes or str, not {type(element).__name__}")
        parts += (_LENGTH.pack(len(element)), element)
    return b"".join(parts)


def encode_values(value: Any, datatype: str | None, key: str) -> tuple[TensorInfo, bytes]:
    """A tensor from a number, a text, or nested lists of them. Without a datatype truth values are BOOL, whole numbers
    INT64, other numbers FP64, and texts and bytes BYTES. Raises TensorError."""
    shape = _shape_of(value)
    flat = list(_flat(value, shape, key))
    datatype = _datatype_of(flat, key) if datatype is None else datatype
    check_datatype(datatype, key)
    info = TensorInfo(datatype, shape)
    if datatype == "BYTES":
        return info, join_elements(flat, key)
    if datatype == "BF16":
        flat = [_bfloat16(number, key) for number in flat]
    _check_kind(flat, datatype, key)
    try:
        return info, struct.pack(f"<{len(flat)}{_FORMATS[datatype]}", *flat)
    except (struct.error, OverflowError) as error:
        raise TensorError(f"tensor {key!r}: a value does not fit {datatype} ({error})") from None


def _shape_of(value: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(value, (list, tuple)):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _flat(value: Any, shape: tuple[int, ...], key: str) -> Iterator[Any]:
    if not isinstance(value, (list, tuple)):
        if shape:
            raise TensorError(f"the lists of tensor {key!r} are not equally long and deep")
        yield value
    elif not shape or len(value) != shape[0]:
        raise TensorError(f"the lists of tensor {key!r} are not equally long and deep")
    else:
        for item in value:
            yield from _flat(item, shape[1:], key)


def _datatype_of(flat: list[Any], key: str) -> str:
    kinds = {type(item) for item in flat}
    for datatype, allowed in (("BOOL", {bool}), ("INT64", {int}), ("FP64", {int, float}), ("BYTES", {str, bytes})):
        if kinds and kinds <= allowed:
            return datatype
    found = ", ".join(sorted(kind.__name__ for kind in kinds)) or "nothing"
    raise TensorError(f"tensor {key!r} must hold numbers, truth values or texts, all of a kind; it holds {found}")


def _check_kind(flat: list[Any], datatype: str, key: str) -> None:
    # struct takes any object as a truth value.
    if datatype == "BOOL" and not all(isinstance(item, (bool, int)) and item in (0, 1) for item in flat):
        raise TensorError(f"tensor {key!r}: BOOL takes truth values only")


def _bfloat16(number: Any, key: str) -> int:
    """The upper half of the number as FP32, rounded to the nearest."""
    try:
        (bits,) = struct.unpack("<I", struct.pack("<f", number))
    except (struct.error, OverflowError) as error:
        raise TensorError(f"tensor {key!r}: a value does not fit BF16 ({error})") from None
    if number != number:
        return 0x7FC0
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16  # type: ignore[no-any-return]
