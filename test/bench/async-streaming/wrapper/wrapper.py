"""Sessions as coroutines, of which one process holds thousands, and a once request that costs nothing."""

from aiges.dto import Response, ResponseData
from aiges.sdk import ImageBodyField, StringBodyField, WrapperBase


class Wrapper(WrapperBase):
    serviceId = "async-streaming"
    version = "1.0.0"

    class requestCls:
        img = ImageBodyField(key="img", path="")
        txt = StringBodyField(key="txt", value=b"hello")

    class responseCls:
        result = StringBodyField(key="result", value=b"ok")

    def wrapperInit(self, config):
        return 0

    async def wrapperStream(self, params, frames):
        """Each frame comes back."""
        async for frame in frames:
            yield ResponseData("result", frame.get("txt").data)

    def wrapperOnceExec(self, params, reqData):
        response = Response()
        response.list = [ResponseData("result", str(len(reqData.list[0].data)))]
        return response
