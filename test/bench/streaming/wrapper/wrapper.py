"""Streams whatever costs nothing to make, so that what is measured is the way that chunks take and not a model."""

import time

from aiges.dto import ResponseData
from aiges.sdk import StringBodyField, StringParamField, WrapperBase

CHUNK_BYTES = 128


class Wrapper(WrapperBase):
    serviceId = "streaming"
    version = "1.0.0"

    class requestCls:
        count = StringParamField(key="count", required=False)
        pauseUs = StringParamField(key="pauseUs", required=False)
        txt = StringBodyField(key="txt", value=b"hello")

    class responseCls:
        result = StringBodyField(key="result")

    def wrapperInit(self, config):
        return 0

    def wrapperStream(self, params, frames):
        """Each frame comes back."""
        for frame in frames:
            yield ResponseData("result", frame.get("txt").data)

    def wrapperOnceExec(self, params, reqData):
        """Chunks, `count` of them, with `pauseUs` between them; each says when it was yielded, in ns."""
        pause = int(params.get("pauseUs", 0)) / 1e6
        for _ in range(int(params.get("count", 1))):
            if pause:
                time.sleep(pause)
            yield ResponseData("result", str(time.monotonic_ns()).ljust(CHUNK_BYTES))
