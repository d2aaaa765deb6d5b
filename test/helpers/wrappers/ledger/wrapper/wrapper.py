"""Writes down each request before it works on it, in a file that outlives the process."""
import os
import time

from aiges.dto import Response, ResponseData
from aiges.sdk import StringBodyField, WrapperBase


class Wrapper(WrapperBase):
    serviceId = "ledger"
    version = "1"

    class requestCls:
        text = StringBodyField(key="text", value=b"1")

    class responseCls:
        result = StringBodyField(key="result")

    def wrapperInit(self, config):
        self.ledger = os.open(config["ledger"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.seconds = float(config["seconds"])
        return 0

    def wrapperOnceExec(self, params, reqData):
        text = reqData.get("text").data
        os.write(self.ledger, text + b"\n")
        time.sleep(self.seconds)
        data = ResponseData()
        data.key = "result"
        data.data = text
        response = Response()
        response.list = [data]
        return response
