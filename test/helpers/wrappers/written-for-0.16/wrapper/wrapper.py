#!/usr/bin/env python
# coding:utf-8
"""An old project as its author left it: usrTag and persId, cls for self, prints, methods for tests, comments in Chinese."""
import sys
import hashlib

try:
    from aiges_embed import ResponseData, Response, DataListNode, DataListCls, SessionCreateResponse, callback  # c++
except:
    from aiges.dto import Response, ResponseData, DataListNode, DataListCls

from aiges.sdk import WrapperBase, \
    StringParamField, NumberParamField, IntegerParamField, BooleanParamField, \
    ImageBodyField, StringBodyField, AudioBodyField
from aiges.utils.log import log
from aiges.core.types import *

print("importing | the | wrapper")


class UserRequest(object):
    # 功能参数
    params1 = StringParamField(key="p1", enums=["3", "eee"], value='3')
    params2 = StringParamField(key="p2", maxLength=44, required=False)
    params3 = IntegerParamField(key="p3", required=False)
    # 请求数据
    input1 = ImageBodyField(key="data", path="test_data/test.png")
    input2 = StringBodyField(key="switch", value=b"ctrl")


class UserResponse(object):
    accept1 = StringBodyField(key="md5")
    accept2 = ImageBodyField(key="copy")


class Wrapper(WrapperBase):
    serviceId = "classic"
    version = "backup.0"
    requestCls = UserRequest()
    responseCls = UserResponse()

    '''
    服务初始化
    '''

    def wrapperInit(cls, config: {}) -> int:
        log.info(config)
        log.info("Initializing ...")
        return 0

    def wrapperLoadRes(self, reqData: DataListCls, resId: int) -> int:
        return 0

    def wrapperUnloadRes(self, resId: int) -> int:
        return 0

    def wrapperOnceExec(self, params: {}, reqData: DataListCls, usrTag: str = "", persId: int = 0) -> Response:
        print("got", len(reqData.list), "pieces of data")
        for req in reqData.list:
            log.info("reqData key: %s , size is %d" % (req.key, len(req.data)))
        node = reqData.get("data")
        if not node:
            log.error("reqData not has this key")
            r = Response()
            return r.response_err(10013)
        a = ResponseData()
        a.key = "md5"
        a.setData(hashlib.md5(node.data).hexdigest().encode())
        a.status = Once
        a.setDataType(DataText)
        b = ResponseData()
        b.key = "copy"
        b.setData(node.data)
        b.status = Once
        b.setDataType(DataImage)
        r = Response()
        r.list = [a, b]
        return r

    def wrapperFini(cls) -> int:
        return 0

    def wrapperError(cls, ret: int) -> str:
        if ret == 10013:
            return "reqData is empty"
        return ""

    '''
        此函数保留测试用，不可删除
    '''

    def wrapperTestFunc(cls, data: [], respData: []):
        pass


if __name__ == '__main__':
    m = Wrapper()
    m.run()
