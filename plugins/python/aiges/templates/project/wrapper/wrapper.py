"""__NAME__: answers the size, the type and the pixel dimensions of the picture that it gets.

Put your model in place of `describe`; see README.md.
"""

import json
import struct

from aiges.core.types import DataText
from aiges.dto import DataListCls, Response, ResponseData
from aiges.sdk import ImageBodyField, StringBodyField, StringParamField, WrapperBase
from aiges.utils.log import log

NO_PICTURE = 100
"""This wrapper's own error code; `wrapperError` gives its text."""


class UserRequest:
    """What a client sends: payloads and parameters."""

    language = StringParamField(key="language", enums=["en", "zh"], value="en", description="language of the message")
    picture = ImageBodyField(key="img", path="test_data/test.png", description="the picture to look at")


class UserResponse:
    """What a client gets."""

    result = StringBodyField(key="result")


def describe(data: bytes, language: str) -> dict:
    """What the first bytes of a picture tell."""
    kind, width, height = "unknown", None, None
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        kind = "png"
        width, height = struct.unpack(">II", data[16:24])
    elif data[:3] == b"\xff\xd8\xff":
        kind = "jpg"
    elif data[:2] == b"BM" and len(data) >= 26:
        kind = "bmp"
        width, height = struct.unpack("<ii", data[18:26])
        height = abs(height)
    size = f"{width} x {height}" if width else "?"
    text = {"en": f"a {kind} picture of {size} pixels", "zh": f"{kind} 图片, {size} 像素"}
    return {"type": kind, "bytes": len(data), "width": width, "height": height, "msg": text.get(language, text["en"])}


class Wrapper(WrapperBase):
    """The service. The class must be called Wrapper."""

    serviceId = "__NAME__"
    version = "v1"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: dict) -> int:
        """Called once: load the model here. Anything but 0 means that the service cannot start."""
        log.info("__NAME__ is ready")
        return 0

    def wrapperOnceExec(self, params: dict, reqData: DataListCls) -> Response:
        """Called for each request, from several threads when the daemon allows that."""
        response = Response()
        picture = reqData.get("img")
        if picture is None or not picture.data:
            return response.response_err(NO_PICTURE)
        answer = ResponseData()
        answer.key = "result"
        answer.type = DataText
        answer.data = json.dumps(describe(picture.data, params.get("language", "en")), ensure_ascii=False)
        response.list = [answer]
        return response

    def wrapperError(self, ret: int) -> str:
        """The text that a client gets with an error code of this wrapper."""
        return "the request has no picture 'img'" if ret == NO_PICTURE else ""

    def wrapperFini(self) -> int:
        """Called once, before the process ends."""
        return 0


if __name__ == "__main__":
    Wrapper().run()
