#!/usr/bin/env python
# coding:utf-8
"""Behaves as the parameter `ctrl` says, as the plugin did with which the golden transcripts were taken.

What arrives is written, a JSON line a call, to the file that `[wrapper] saw` names.
"""
import json
import time

try:
    from aiges_embed import ResponseData, Response, DataListNode, DataListCls, SessionCreateResponse, callback  # c++
except:
    from aiges.dto import Response, ResponseData, DataListNode, DataListCls, SessionCreateResponse, callback

from aiges.sdk import WrapperBase, StringParamField, ImageBodyField, StringBodyField
from aiges.types import *
from aiges.utils.log import log


class UserRequest(object):
    params1 = StringParamField(key="ctrl", value="x")
    input1 = ImageBodyField(key="img", path="")
    input2 = StringBodyField(key="txt", value=b"hello")


class UserResponse(object):
    accept1 = StringBodyField(key="result")


class Wrapper(WrapperBase):
    serviceId = "golden"
    version = "1.0"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: {}) -> int:
        self.saw = config["saw"]
        return 0

    def wrapperOnceExec(self, params: {}, reqData: DataListCls) -> Response:
        with open(self.saw, "a") as out:
            out.write(json.dumps({
                "params": dict(params),
                "list": [(r.key, len(r.data), r.type, r.status, len(r.data)) for r in reqData.list],
            }) + "\n")
        ctrl = params["ctrl"] if "ctrl" in params else ""
        r = Response()
        if ctrl == "userr":
            return r.response_err(100)
        if ctrl == "rpcerr":
            raise RuntimeError("boom")
        if ctrl == "hang":
            time.sleep(600)
        l = ResponseData()
        l.key = "nobody-asked" if ctrl == "badkey" else "result"
        l.status = Once
        l.type = DataImage if ctrl == "image" else DataText
        if ctrl == "image":
            l.data = b"\x00\x01\x02"
        else:
            l.data = json.dumps({"result": 7, "msg": "识别结果为数字: 7"}).encode("utf-8")
        l.len = len(l.data)
        r.list = [l]
        return r

    def wrapperFini(self) -> int:
        return 0

    def wrapperError(self, ret: int) -> str:
        return "errr" if ret == 100 else ""


if __name__ == '__main__':
    m = Wrapper()
    m.run()
