"""As little as works: classes instead of instances, no wrapperFini, data assigned as str, params as keyword."""
from aiges.dto import Response, ResponseData
from aiges.sdk import JsonBodyField, StringBodyField, WrapperBase


class Wrapper(WrapperBase):
    serviceId = "minimal"
    version = "0.1"

    class requestCls:
        text = StringBodyField(key="text", value=b"hello")

    class responseCls:
        result = JsonBodyField(key="result")

    def wrapperInit(self, config):
        return 0

    def wrapperOnceExec(self, params, reqData, *args, **kwargs):
        data = ResponseData()
        data.key = "result"
        data.data = "你好, " + reqData.get("text").data.decode("utf-8")
        response = Response()
        response.list = [data]
        return response
