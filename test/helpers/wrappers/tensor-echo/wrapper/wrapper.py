"""Declares nothing and gives every payload back: tensors as tensors, texts as texts, parameters as `params`."""
import json

from aiges.dto import Response, ResponseData
from aiges.sdk import WrapperBase


class Wrapper(WrapperBase):
    serviceId, version = "tensor-echo", "1.0"

    def wrapperInit(self, config):
        return 0

    def wrapperOnceExec(self, params, reqData):
        answer = Response()
        answer.list = []
        for node in reqData.list:
            output = ResponseData(node.key, node.data)
            if node.tensor is not None:
                output.setTensor(node.numpy(), node.datatype)
            answer.list.append(output)
        sent = {name: value for name, value in params.items() if name != "sid"}
        answer.list.append(ResponseData("params", json.dumps(sent, sort_keys=True)))
        return answer
