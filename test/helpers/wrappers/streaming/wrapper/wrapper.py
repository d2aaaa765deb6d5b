"""The new style: a session is a generator over its frames, a once request may yield."""
import time

import aiges.context
from aiges.dto import Response, ResponseData
from aiges.sdk import StringBodyField, StringParamField, WrapperBase
from aiges.utils.log import log


def answer(text):
    data = ResponseData()
    data.key = "result"
    data.data = text
    response = Response()
    response.list = [data]
    return response


class Wrapper(WrapperBase):
    serviceId = "streaming"
    version = "1"

    class requestCls:
        mode = StringParamField(key="mode", required=False)
        txt = StringBodyField(key="txt", value=b"hello")

    class responseCls:
        result = StringBodyField(key="result")

    def wrapperInit(self, config):
        return 0

    def wrapperStream(self, params, frames):
        try:
            for frame in frames:
                text = frame.get("txt").data.decode()
                if text == "raise":
                    raise ValueError("the frame is bad")
                yield answer(text.upper())
        finally:
            log.info("session over, cancelled: %s", aiges.context.current().cancelled)

    def wrapperOnceExec(self, params, reqData):
        words = reqData.get("txt").data.decode().split()
        try:
            for word in words:
                yield answer(word)
                if params.get("mode") == "slow":
                    time.sleep(0.05)
        finally:
            log.info("generator over after %d words", len(words))
