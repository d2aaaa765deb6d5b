#!/usr/bin/env python
# coding:utf-8
"""The old style of sessions: a pool of threads, each with its queue, and the callback for results."""
try:
    from aiges_embed import ResponseData, Response, DataListNode, DataListCls, SessionCreateResponse, callback  # c++
except:
    from aiges.dto import Response, ResponseData, DataListNode, DataListCls, SessionCreateResponse, callback

from aiges.sdk import WrapperBase, StringBodyField
from aiges.stream import StreamHandleThread
from aiges.utils.log import log
from aiges.core.types import *


class UserRequest(object):
    input1 = StringBodyField(key="txt", value=b"hello")


class UserResponse(object):
    accept1 = StringBodyField(key="result")


class Wrapper(WrapperBase):
    serviceId = "classic"
    version = "backup.0"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: {}) -> int:
        self.session.init_wrapper_config(config)
        self.session.init_handle_pool("thread", 4, MyReqDataThread)
        return 0

    def wrapperOnceExec(self, params: {}, reqData: DataListCls, usrTag: str = '') -> Response:
        return None

    def wrapperCreate(self, params: {}, sid: str) -> SessionCreateResponse:
        s = SessionCreateResponse()
        handle = self.session.get_idle_handle()
        if not handle:
            s.error_code = -1
            s.handle = ""
            return s
        _session = self.session.get_session(handle=handle)
        _session.setup_sid(sid)
        _session.setup_params(params)
        _session.setup_callback_fn(callback)
        s.handle = handle
        s.error_code = 0
        return s

    def wrapperWrite(self, handle: str, req: DataListCls, sid: str) -> int:
        _session = self.session.get_session(handle=handle)
        if _session == None:
            log.info("can't get this handle:" % handle)
            return -1
        _session.in_q.put(req)
        return 0

    def wrapperDestroy(self, handle: str) -> int:
        log.info("destroying %s" % handle)
        self.session.push_back(handle)
        return 0

    def wrapperFini(self) -> int:
        return 0


class MyReqDataThread(StreamHandleThread):
    def __init__(self, session_thread, in_q, out_q):
        super().__init__(session_thread, in_q, out_q)

    def run(self):
        while True:
            req = self.in_q.get()
            self.infer(req)

    def infer(self, req: DataListCls):
        node = req.list[0]
        l = ResponseData()
        l.key = "result"
        l.status = node.status
        l.setData(node.data.upper())
        l.type = DataText
        r = Response()
        r.list = [l]
        self.session_thread.callback_fn(r, self.session_thread.sid)
