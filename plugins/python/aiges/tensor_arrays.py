"""Tensors as numpy arrays. numpy is imported when a wrapper first uses one: the SDK itself does without."""

from __future__ import annotations

from math import prod
from typing import Any

from aiges.tensor import TensorError, TensorInfo, check_data, encode_values, join_elements, split_elements

_DTYPES = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}

_TEXT_KINDS = "OSU"
"""numpy's kinds of objects, bytes and texts."""


def to_array(info: TensorInfo, data: bytes, key: str) -> Any:
    """The tensor as an array: a read-only view of the data, but for two datatypes that numpy does not have: BYTES is an
    array of bytes objects, BF16 one of float32. Raises TensorError."""
    numpy = _numpy(key)
    check_data(info, data, key)
    if info.datatype == "BYTES":
        array = numpy.empty(prod(info.shape), dtype=object)
        array[:] = split_elements(data, array.size, key)
    elif info.datatype == "BF16":
        array = (numpy.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    else:
        array = numpy.frombuffer(data, _DTYPES[info.datatype])
    array = array.reshape(info.shape)
    array.flags.writeable = False
    return array


def encode(value: Any, datatype: str | None, key: str) -> tuple[TensorInfo, bytes]:
    """Datatype, shape and data of an array, or of a number, a text or nested lists of them, which need no numpy. An
    array's own datatype must be the one asked for; BF16 is made of any floating-point array. Raises TensorError."""
    if not hasattr(value, "__array__"):
        return encode_values(value, datatype, key)
    numpy = _numpy(key)
    array = numpy.asarray(value)
    if datatype == "BF16" and array.dtype.kind == "f":
        return TensorInfo(datatype, array.shape), _bfloat16(numpy, array)
    own = _datatype_of(array)
    if own is None:
        raise TensorError(f"tensor {key!r}: numpy's {array.dtype} is no datatype of tensors")
    if datatype not in (None, own):
        raise TensorError(f"tensor {key!r} must be {datatype}; the array is {own} (numpy's {array.dtype})")
    if own == "BYTES":
        return TensorInfo(own, array.shape), join_elements(array.ravel().tolist(), key)
    return TensorInfo(own, array.shape), array.astype(_DTYPES[own], copy=False).tobytes()


def _datatype_of(array: Any) -> str | None:
    if array.dtype.kind in _TEXT_KINDS:
        return "BYTES"
    code = "?" if array.dtype.kind == "b" else f"{array.dtype.kind}{array.dtype.itemsize}"
    return next((datatype for datatype, dtype in _DTYPES.items() if dtype.lstrip("<") == code), None)


def _bfloat16(numpy: Any, array: Any) -> bytes:
    bits = array.astype("<f4").ravel().view("<u4")
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    rounded[numpy.isnan(bits.view("<f4"))] = 0x7FC0
    return rounded.astype("<u2").tobytes()  # type: ignore[no-any-return]


def _numpy(key: str) -> Any:
    try:
        import numpy
    except ImportError as error:
        raise ImportError(f"tensor {key!r} is wanted as an array, which takes numpy: pip install numpy") from error
    return numpy
