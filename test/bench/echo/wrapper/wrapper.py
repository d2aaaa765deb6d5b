"""Answers each request with a short text, so that what is measured is the daemon and not a model."""

from aiges.dto import DataListCls, Response, ResponseData
from aiges.sdk import ImageBodyField, StringBodyField, WrapperBase


class EchoRequest:
    img = ImageBodyField(key="img", path="")


class EchoResponse:
    result = StringBodyField(key="result", value=b"ok")


class Wrapper(WrapperBase):
    serviceId = "echo"
    version = "1.0.0"
    requestCls = EchoRequest()
    responseCls = EchoResponse()

    def wrapperInit(self, config: dict) -> int:
        return 0

    def wrapperOnceExec(self, params: dict, reqData: DataListCls) -> Response:
        data = ResponseData()
        data.key = "result"
        data.setData(str(len(reqData.list[0].data)))
        response = Response()
        response.list = [data]
        return response
