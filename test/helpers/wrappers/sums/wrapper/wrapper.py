"""Adds tensors that it declares, counts in a stream, and goes wrong when it is asked to."""
import numpy

from aiges.dto import Response
from aiges.sdk import StringParamField, TensorField, WrapperBase, method


class UserRequest:
    fault = StringParamField(key="fault", required=False)
    a = TensorField("a", "INT32", [-1])
    b = TensorField("b", "INT32", [-1], optional=True)


class UserResponse:
    sum = TensorField("sum", "INT32", [-1])
    difference = TensorField("difference", "INT32", [-1])


class Wrapper(WrapperBase):
    serviceId, version = "sums", "1.0"
    requestCls, responseCls = UserRequest(), UserResponse()

    def wrapperInit(self, config):
        return 0

    def wrapperOnceExec(self, params, reqData):
        if params.get("fault"):
            return Response().response_err(100)
        a, other = reqData.get("a").numpy(), reqData.get("b")
        b = numpy.zeros_like(a) if other is None else other.numpy()
        return Response().tensor("sum", a + b).tensor("difference", a - b)

    def wrapperError(self, ret):
        return "the engine failed"

    @method(inputs=[TensorField("n", "INT32", [1])], outputs=[TensorField("i", "INT32", [1])])
    def count(self, n):
        for i in range(int(n[0])):
            yield numpy.array([i], "i4")

    @method(inputs=[TensorField("x", "FP32", [-1, 2])], outputs=[TensorField("y", "FP32", [-1, 2])])
    def double(self, x):
        return x * 2
