"""Takes the same time for every request and no processor, so that what is measured is who waits and who is refused."""

import time

from aiges.dto import DataListCls, Response, ResponseData
from aiges.sdk import ImageBodyField, StringBodyField, WrapperBase


class SteadyRequest:
    img = ImageBodyField(key="img", path="")


class SteadyResponse:
    result = StringBodyField(key="result", value=b"ok")


class Wrapper(WrapperBase):
    serviceId = "steady"
    version = "1.0.0"
    requestCls = SteadyRequest()
    responseCls = SteadyResponse()

    def wrapperInit(self, config: dict) -> int:
        self.seconds = float(config["service_ms"]) / 1000
        return 0

    def wrapperOnceExec(self, params: dict, reqData: DataListCls) -> Response:
        time.sleep(self.seconds)
        data = ResponseData()
        data.key = "result"
        data.setData("ok")
        response = Response()
        response.list = [data]
        return response
