"""Everything that the SDK offers beside the plain call of a single request."""

from aiges.sdk import ChatChunk, Response, TensorField, Usage, WrapperBase, method


class UserRequest:
    x = TensorField("x", "FP32", [-1])


class UserResponse:
    y = TensorField("y", "FP32", [-1])
    together = TensorField("together", "INT64", [])


class Wrapper(WrapperBase):
    serviceId = "abilities"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config):
        return 0

    def wrapperBatchExec(self, requests):
        count = len(requests)
        return [Response().tensor("y", r.reqData.get("x").numpy() * 2).tensor("together", count) for r in requests]

    def wrapperChat(self, messages, params):
        for word in messages[-1]["content"].split():
            yield word.upper()
        yield ChatChunk(finish_reason="length", usage=Usage(len(messages), 2))

    @method(inputs=[TensorField("names", "BYTES", [-1])], outputs=[TensorField("lengths", "INT64", [-1])])
    def measure(self, names):
        return [len(name) for name in names]
