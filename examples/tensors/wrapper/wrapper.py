"""Arithmetic on tensors: a plain call with sum and difference, and methods that clients call by name."""

from __future__ import annotations

import numpy

from aiges.dto import DataListCls, Response
from aiges.sdk import TensorField, WrapperBase, method

ONE_TO_SIXTEEN = [list(range(1, 17))]
ONES = [[1] * 16]


class UserRequest:
    """What the plain call takes: two rows, or any number of pairs of rows, of 16 numbers."""

    left = TensorField("INPUT0", "INT32", [-1, 16], value=ONE_TO_SIXTEEN)
    right = TensorField("INPUT1", "INT32", [-1, 16], value=ONES)


class UserResponse:
    """What it gives."""

    sum = TensorField("OUTPUT0", "INT32", [-1, 16])
    difference = TensorField("OUTPUT1", "INT32", [-1, 16])


def matrix(name: str, datatype: str, value: object = None) -> TensorField:
    """A matrix of any size."""
    return TensorField(name, datatype, [-1, -1], value=value)


def row(name: str, datatype: str, value: object = None) -> TensorField:
    """A row of any length."""
    return TensorField(name, datatype, [-1], value=value)


class Wrapper(WrapperBase):
    """The service. Its model needs no loading."""

    serviceId = "tensors"
    version = "1.0.0"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: dict) -> int:
        """Nothing to load."""
        return 0

    def wrapperOnceExec(self, params: dict, reqData: DataListCls) -> Response:
        """Answer with sum and difference of INPUT0 and INPUT1."""
        left = reqData.get("INPUT0").numpy()
        right = reqData.get("INPUT1").numpy()
        return Response().tensor("OUTPUT0", left + right).tensor("OUTPUT1", left - right)

    @method(inputs=[matrix("x1", "FP32"), matrix("x2", "FP32")], outputs=[matrix("y", "FP32")])
    def add(self, x1: numpy.ndarray, x2: numpy.ndarray) -> numpy.ndarray:
        """The sum of two matrices."""
        return x1 + x2

    @method(inputs=[matrix("x1", "INT32"), matrix("x2", "INT32")], outputs=[matrix("y", "FP32")])
    def add_cast(self, x1: numpy.ndarray, x2: numpy.ndarray) -> numpy.ndarray:
        """The sum of two matrices of whole numbers as floating-point numbers."""
        return x1.astype(numpy.float32) + x2.astype(numpy.float32)

    @method(inputs=[row("x1", "BYTES", ["ab"]), row("x2", "BYTES", ["cd"])], outputs=[row("y", "BYTES")])
    def concat(self, x1: numpy.ndarray, x2: numpy.ndarray) -> numpy.ndarray:
        """Each text of x1 with that of x2 behind it."""
        return x1 + x2

    @method("not", inputs=[row("x", "BOOL")], outputs=[row("y", "BOOL")])
    def negate(self, x: numpy.ndarray) -> numpy.ndarray:
        """The opposite of each truth value."""
        return ~x

    @method(inputs=[row("x", "INT32")], outputs=[row("y", "INT32")])
    def plus_one(self, x: numpy.ndarray) -> numpy.ndarray:
        """Each number and one."""
        return x + 1


if __name__ == "__main__":
    Wrapper().run()
