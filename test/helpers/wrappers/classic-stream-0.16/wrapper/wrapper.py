#!/usr/bin/env python
# coding:utf-8
"""A session wrapper as one writes it for the package 0.16: its pool of handles, its userTag, its own callback."""
import os

from aiges.callback import callback
from aiges.core.types import *
from aiges.dto import DataListCls, Response, ResponseData, SessionCreateResponse
from aiges.sdk import StringBodyField, WrapperBase
from aiges.stream import StreamHandleThread


class UserRequest(object):
    input1 = StringBodyField(key="txt", value=b"hello")


class UserResponse(object):
    accept1 = StringBodyField(key="result")


class Wrapper(WrapperBase):
    serviceId = "upper"
    version = "backup.0"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: {}) -> int:
        self.session.init_wrapper_config(config)
        self.session.init_handle_pool("thread", 2, UpperCaseThread)
        return 0

    def wrapperCreate(self, params: {}, sid: str, userTag: str = "") -> SessionCreateResponse:
        created = SessionCreateResponse()
        created.handle = self.session.get_idle_handle()
        worker = self.session.get_session(handle=created.handle)
        worker.setup_sid(sid)
        worker.setup_params(params)
        worker.setup_callback_fn(callback)
        print("created %s" % created.handle, flush=True)
        return created

    def wrapperWrite(self, handle: str, req: DataListCls, sid: str) -> int:
        if req.get("txt").data == b"exit":
            os._exit(9)
        self.session.get_session(handle=handle).in_q.put(req)
        return 0

    def wrapperDestroy(self, handle: str) -> int:
        print("destroyed %s" % handle, flush=True)
        self.session.push_back(handle)
        return 0

    def wrapperFini(self) -> int:
        return 0


class UpperCaseThread(StreamHandleThread):
    """Answers each frame at once, with its text in capitals and its status."""

    def run(self):
        while not self.is_stopping:
            frame = self.in_q.get().get("txt")
            # The constructor of 0.16 takes data and drops it; its type does not travel either.
            result = ResponseData(key="result", status=frame.status)
            result.setData(frame.data.upper())
            if frame.data == b"no status":
                result.status = 9
            response = Response()
            response.list = [result]
            worker = self.session_thread
            # A result arrives whether it names its session by handle or by sid.
            name = worker.sid if frame.data == b"no status" else worker.handle
            worker.callback_fn(response, name, worker.sid)
