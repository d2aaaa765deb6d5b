"""Answers in capitals, or goes wrong as the parameter `fault` says, alike for once requests, chats and sessions.

Prints what a test waits for: "working <sid> <ns>", "cancelled <sid> <ns>", "created <handle>" and "destroyed <handle>".
The times are those of CLOCK_MONOTONIC, the clock of everything on the machine.
"""
import itertools
import json
import os
import threading
import time

import aiges.context
from aiges.callback import callback
from aiges.dto import Response, ResponseData, SessionCreateResponse
from aiges.sdk import StringBodyField, StringParamField, WrapperBase
from harm import HARM

CONTINUE, END = 1, 2


def answer(text, status):
    data = ResponseData()
    data.key = "result"
    data.data = text
    data.status = status
    response = Response()
    response.list = [data]
    return response


def text_of(node):
    """Whatever is sent instead of a text, so that no request fails unless it asks for that."""
    return "" if node is None else node.data.decode(errors="replace")


def say(what, name):
    """One write, because the lines of several threads must not run into one another."""
    os.write(1, ("%s %s\n" % (what, name)).encode())


def say_now(what, context):
    say(what, "%s %d" % (context.sid, time.monotonic_ns()))


def wait_until_cancelled(context):
    say_now("working", context)
    while not context.cancelled:
        threading.Event().wait(0.005)
    say_now("cancelled", context)


def answers(fault, text, last):
    """What one piece of input brings about."""
    if fault in HARM:
        HARM[fault]()
    if fault == "error":
        yield Response().response_err(100)
        return
    if fault == "crash":
        os._exit(9)
    if fault == "endless":
        yield answer(text.upper(), CONTINUE)
        wait_until_cancelled(aiges.context.current())
        return
    if fault == "stuck":
        wait_until_cancelled(aiges.context.current())
        return
    if fault == "deaf":
        time.sleep(2)
    if fault == "slow":
        # A client that polls has begun to wait when this says so.
        threading.Event().wait(0.1)
        say_now("working", aiges.context.current())
        threading.Event().wait(0.5)
    yield answer(text.upper(), END if last else CONTINUE)


def as_hits(response):
    """The same answer for front-ends that look for something in a picture."""
    if response.error_code:
        return response
    for data in response.list:
        nowhere = {"left": 0, "top": 0, "width": 0, "height": 0}
        data.data = json.dumps([{"index": 0, "label": data.data, "score": 1, "location": nowhere}])
    return response


class Wrapper(WrapperBase):
    serviceId = "scenario"
    version = "1"

    class requestCls:
        fault = StringParamField(key="fault", required=False)
        txt = StringBodyField(key="txt", value=b"hello")

    class responseCls:
        result = StringBodyField(key="result")

    def wrapperInit(self, config):
        self.faults = {}
        self.numbers = itertools.count(1)
        return 0

    def wrapperOnceExec(self, params, reqData):
        fault = params.get("fault", "")
        if fault == "hang":
            wait_until_cancelled(aiges.context.current())
        picture = reqData.get("image")
        if picture is None:
            yield from answers(fault, text_of(reqData.get("txt")), True)
            return
        for response in answers(fault, text_of(picture), True):
            yield as_hits(response)

    def wrapperChat(self, messages, params):
        fault = params.get("fault", "")
        if fault == "hang":
            wait_until_cancelled(aiges.context.current())
        for response in answers(fault, messages[-1]["content"], True):
            yield response if response.error_code else response.list[0].data

    def wrapperCreate(self, params, sid):
        fault = params.get("fault", "")
        if fault == "hang":
            wait_until_cancelled(aiges.context.current())
        created = SessionCreateResponse()
        created.handle = "handle-%d" % next(self.numbers)
        created.error_code = 0
        self.faults[created.handle] = (fault, sid)
        say("created", created.handle)
        return created

    def wrapperWrite(self, handle, req, sid):
        fault, _ = self.faults[handle]
        if not req.list:
            callback(answer("", END), sid)
        for node in req.list:
            for response in answers(fault, text_of(node), node.status == END):
                callback(response, sid)
        return 0

    def wrapperDestroy(self, handle):
        del self.faults[handle]
        say("destroyed", handle)
        return 0

    def wrapperError(self, ret):
        return "the engine failed" if ret == 100 else ""
