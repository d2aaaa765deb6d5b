"""MNIST as a wrapper: a picture of one handwritten digit in, the digit as JSON text out.

It uses only the classic SDK surface, so it runs under any SDK that provides `aiges`, of ours or of PyPI's.
"""

import json
import os

try:
    from aiges_embed import DataListCls, Response, ResponseData
except ImportError:
    from aiges.dto import DataListCls, Response, ResponseData

import numpy as np
import onnxruntime
from aiges.sdk import ImageBodyField, StringBodyField, WrapperBase
from aiges.utils.log import log
from digit_picture import BlankPictureError, PictureError, digit_from_bytes

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "mnist.onnx")

MODEL_NOT_LOADED = 40001
IMAGE_MISSING = 40002
NOT_A_PICTURE = 40003
BLANK_PICTURE = 40004

ERRORS = {
    MODEL_NOT_LOADED: "模型文件缺失或无法加载: mnist.onnx is missing from the wrapper folder or cannot be loaded",
    IMAGE_MISSING: "请求缺少图片数据 img: the request has no data under the key img",
    NOT_A_PICTURE: "无法识别的图片, 仅支持 PNG/JPEG/BMP: img is not a complete PNG, JPEG or BMP picture",
    BLANK_PICTURE: "图片中没有数字: nothing in the picture stands out from its background",
}
"""The wrapper's own codes and what the caller reads."""


class UserRequest:
    """What a request carries: the picture. The path is what the generated documentation tries out."""

    input1 = ImageBodyField(key="img", path=os.path.join(HERE, "test_data", "7.png"))


class UserResponse:
    """What an answer carries: JSON such as {"result": 7, "msg": "识别结果为数字: 7"}."""

    accept1 = StringBodyField(key="result")


class Wrapper(WrapperBase):
    """Classifies one digit a call; holds no state but the model, so calls may run at the same time."""

    serviceId = "mnist"
    version = "v1"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: dict) -> int:
        """Load the model; MODEL_NOT_LOADED if that fails."""
        options = onnxruntime.SessionOptions()
        # The network is too small to share out: more threads only wait for each other.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            if not os.path.isfile(MODEL):
                raise FileNotFoundError("no such file")
            self.model = onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions have no public base class
            log.error("cannot load the model %s: %s", MODEL, error)
            return MODEL_NOT_LOADED
        return 0

    def wrapperOnceExec(self, params: dict, reqData: DataListCls) -> Response:
        """Answer with the digit, or with one of the codes in ERRORS."""
        image = reqData.get("img")
        if image is None or not image.data:
            return _failure(IMAGE_MISSING)
        try:
            digit = digit_from_bytes(bytes(image.data))
        except PictureError as error:
            log.warning("img is no picture: %s", error)
            return _failure(NOT_A_PICTURE)
        except BlankPictureError:
            return _failure(BLANK_PICTURE)
        scores = self.model.run(["scores"], {"image": digit[np.newaxis, np.newaxis]})[0]
        number = int(scores[0].argmax())
        text = json.dumps({"result": number, "msg": f"识别结果为数字: {number}"}, ensure_ascii=False)
        return _answer(text)

    def wrapperFini(self) -> int:
        """Nothing to give back: the model goes with the process."""
        return 0

    def wrapperError(self, ret: int) -> str:
        """The text for one of our codes; empty for any other."""
        return ERRORS.get(ret, "")


def _answer(text: str) -> Response:
    output = ResponseData()
    output.key = "result"
    output.type = 0
    output.status = 3
    data = text.encode("utf-8")
    if hasattr(output, "setData"):
        output.setData(data)
    else:
        # The oldest SDKs have plain attributes instead.
        output.data = data
        output.len = len(data)
    response = Response()
    response.list = [output]
    return response


def _failure(code: int) -> Response:
    response = Response()
    # Old SDKs look only at the list: an empty one is how they recognise a failure.
    response.list = []
    return response.response_err(code)
