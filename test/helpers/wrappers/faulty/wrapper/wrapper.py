"""Goes wrong as the parameter `fault` says, in the ways in which wrappers of users go wrong."""
import os
import sys
import threading
import time

from aiges.dto import Response, ResponseData
from aiges.sdk import StringBodyField, StringParamField, WrapperBase


class UserRequest:
    fault = StringParamField(key="fault", required=False)
    text = StringBodyField(key="text", value=b"hello")


class UserResponse:
    result = StringBodyField(key="result")


class Wrapper(WrapperBase):
    serviceId = "faulty"
    version = "1"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config):
        fault = config.get("init_fault", "")
        if fault == "ret":
            return 7
        if fault == "raise":
            open("/no/such/folder/model.onnx", "rb")
        if fault == "exit":
            os._exit(4)
        if fault == "hang":
            time.sleep(600)
        return 0

    def wrapperOnceExec(self, params, reqData):
        fault = params.get("fault", "")
        if fault == "raise":
            raise ValueError("the weights are not here")
        if fault == "exit":
            os._exit(9)
        if fault == "sys-exit":
            sys.exit(3)
        if fault == "hang":
            threading.Event().wait()
        if fault == "slow":
            print("slow begins")
            time.sleep(0.5)
        if fault == "none":
            return None
        if fault == "string":
            return "just a string"
        if fault == "empty-list":
            response = Response()
            response.list = []
            return response
        data = ResponseData()
        data.key = "surprise" if fault == "unknown-key" else "result"
        data.type = 9 if fault == "unknown-type" else 0
        data.data = b"x" * (5 << 20) if fault == "big" else b"ok"
        if fault == "print":
            print("1|1|tcp|127.0.0.1:1|grpc")
            os.write(1, b"1|2|unix|/tmp/x|grpc\n")
        response = Response()
        response.list = [data]
        return response

    def wrapperFini(self):
        print("wrapperFini was called")
        return 0

    def wrapperError(self, ret):
        return "no licence" if ret == 7 else ""
