"""The field with which a wrapper declares a tensor among its inputs or outputs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from aiges.core.types import DataOther
from aiges.dto import DataListNode, ResponseData, data_to_bytes
from aiges.fields import PayloadField
from aiges.tensor import (
    ITEM_BYTES,
    TensorError,
    TensorInfo,
    check_data,
    check_datatype,
    describe_tensor,
    fits,
)
from aiges.tensor_arrays import encode


class TensorField(PayloadField):
    """A tensor. `datatype` is one of `aiges.tensor.DATATYPES`, -1 in `shape` stands for any size. `optional` inputs may
    be left out. `value` is the test value: an array or nested lists; zeros when it is None."""

    kind = "other"
    data_type = DataOther

    def __init__(
        self,
        key: str,
        datatype: str,
        shape: Sequence[int],
        optional: bool = False,
        value: Any = None,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, False, "", "", "", 3, title, description)
        check_datatype(datatype, key)
        if not all(isinstance(size, int) and size >= -1 for size in shape):
            raise TensorError(f"the shape of tensor {key!r} must be sizes, or -1 for any, not {shape!r}")
        self.datatype = datatype
        self.shape = tuple(shape)
        self.optional = optional
        self.value = value

    def __str__(self) -> str:
        return f"{self.datatype} {list(self.shape)}"

    def check_input(self, node: DataListNode) -> None:
        """Raises TensorError when a payload is not what this field declares. One that says nothing of its datatype and
        shape becomes what is declared, if its length allows that."""
        if node.datatype is None:
            node.tensor = TensorInfo(self.datatype, self._shape_for(len(node.data)))
        self._check(node.tensor, node.data)

    def check_output(self, node: ResponseData) -> None:
        """As `check_input`, for a payload that the wrapper made."""
        data = data_to_bytes(node.data, self.key)
        if node.tensor is None:
            node.tensor = TensorInfo(self.datatype, self._shape_for(len(data)))
        self._check(node.tensor, data)

    def output(self, value: Any) -> ResponseData:
        """A payload of this tensor. Raises TensorError when the value is not what this field declares."""
        node = ResponseData(self.key)
        node.setTensor(value, self.datatype)
        self.check_output(node)
        return node

    def _check(self, info: TensorInfo | None, data: bytes) -> None:
        if info is None or info.datatype != self.datatype or not fits(info.shape, self.shape):
            raise TensorError(f"tensor {self.key!r} must be {self}; it is {info}")
        check_data(info, data, self.key)

    def _shape_for(self, length: int) -> tuple[int, ...]:
        """The declared shape with its one open size as the data's length says."""
        item = ITEM_BYTES.get(self.datatype)
        known = prod(size for size in self.shape if size != -1)
        if self.shape.count(-1) > 1 or (self.shape.count(-1) == 1 and (item is None or not known)):
            raise TensorError(f"tensor {self.key!r}, {self}, must come with its datatype and shape")
        if item is None or -1 not in self.shape:
            return self.shape
        row = known * item
        if length % row:
            raise TensorError(f"tensor {self.key!r}, {self}, must have a multiple of {row} bytes; it has {length}")
        return tuple(length // row if size == -1 else size for size in self.shape)

    def data_schema(self) -> dict[str, Any]:
        return {"type": "string", "description": f"base64 of {self}, row by row, least significant byte first"}

    def attribute_schemas(self) -> dict[str, Any]:
        return {
            "datatype": {"type": "string", "enum": [self.datatype], "default": self.datatype},
            "shape": {
                "description": "sizes as a JSON array",
                "anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}],
            },
        }

    def example_attributes(self) -> dict[str, str]:
        return describe_tensor(self._test_tensor()[0])

    def example_accept(self) -> dict[str, str]:
        return {}

    def _test_bytes(self) -> bytes:
        return self._test_tensor()[1]

    def _test_tensor(self) -> tuple[TensorInfo, bytes]:
        if self.value is not None:
            return encode(self.value, self.datatype, self.key)
        shape = tuple(1 if size == -1 else size for size in self.shape)
        # Zeros of a number, and elements of length zero.
        return TensorInfo(self.datatype, shape), bytes(prod(shape) * ITEM_BYTES.get(self.datatype, 4))
