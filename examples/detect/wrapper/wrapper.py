"""Finds faces: a picture in, the places of the faces out, and on request the picture with boxes around them.

The detector is one of the cascades that come with OpenCV, so that nothing has to be downloaded.
"""

import os
import threading

import cv2
import numpy as np
from aiges.detection import Detections, wants_picture
from aiges.dto import DataListCls, Response
from aiges.sdk import ImageBodyField, IntegerParamField, NumberParamField, StringBodyField, WrapperBase
from aiges.utils.log import log

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_CASCADE = "haarcascade_frontalface_default.xml"
DEFAULT_MIN_SCORE = 0.5
MAX_PIXELS = 50_000_000

CASCADE_NOT_LOADED = 42001
IMAGE_MISSING = 42002
NOT_A_PICTURE = 42003
WRONG_PARAMETER = 42004

ERRORS = {
    CASCADE_NOT_LOADED: "the cascade that [wrapper] cascade names is not among those of OpenCV, or cannot be loaded",
    IMAGE_MISSING: "the request has no data under the key image",
    NOT_A_PICTURE: "image is not a complete picture that OpenCV reads, or has more than 50 million pixels",
    WRONG_PARAMETER: "min_score must be a number from 0 to 1",
}
"""The wrapper's own codes and what the caller reads."""


class UserRequest:
    """A picture; weaker hits than `min_score` are left out; with `show` = 1 the picture comes back with boxes."""

    image = ImageBodyField(key="image", path=os.path.join(HERE, "test_data", "astronaut.jpg"))
    min_score = NumberParamField(key="min_score", minimum=0, maximum=1, value=DEFAULT_MIN_SCORE)
    show = IntegerParamField(key="show", enums=[0, 1], value=0)


class UserResponse:
    """The hits as JSON, and the drawn picture when it was asked for."""

    result = StringBodyField(key="result")


class Wrapper(WrapperBase):
    """Every thread has a classifier of its own, because one does not work for two at a time."""

    serviceId = "detect"
    version = "v1"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: dict) -> int:
        """Load the cascade once to see that it is there; CASCADE_NOT_LOADED if that fails."""
        self.cascade = os.path.join(cv2.data.haarcascades, os.path.basename(config.get("cascade", DEFAULT_CASCADE)))
        self.of_thread = threading.local()
        if not os.path.isfile(self.cascade) or self._classifier().empty():
            log.error("cannot load the cascade %s", self.cascade)
            return CASCADE_NOT_LOADED
        return 0

    def wrapperOnceExec(self, params: dict, reqData: DataListCls) -> Response:
        """Answer with the faces, the surest first, or with one of the codes in ERRORS."""
        image = reqData.get("image")
        if image is None or not image.data:
            return Response().response_err(IMAGE_MISSING)
        min_score = _score_of(params.get("min_score", ""))
        if min_score is None:
            return Response().response_err(WRONG_PARAMETER)
        picture = bytes(image.data)
        grey = _grey(picture)
        if grey is None:
            return Response().response_err(NOT_A_PICTURE)
        found = Detections()
        for (left, top, width, height), score in self._faces(grey):
            if score >= min_score:
                found.add("face", score=score, left=left, top=top, width=width, height=height)
        return found.response(drawn_on=picture if wants_picture(params) else None)

    def wrapperError(self, ret: int) -> str:
        """The text for one of our codes; empty for any other."""
        return ERRORS.get(ret, "")

    def wrapperFini(self) -> int:
        """Nothing to give back."""
        return 0

    def _classifier(self) -> cv2.CascadeClassifier:
        if not hasattr(self.of_thread, "classifier"):
            self.of_thread.classifier = cv2.CascadeClassifier(self.cascade)
        return self.of_thread.classifier

    def _faces(self, grey: np.ndarray) -> list:
        boxes, _, weights = self._classifier().detectMultiScale3(
            grey, scaleFactor=1.1, minNeighbors=4, minSize=(24, 24), outputRejectLevels=True
        )
        # How far a face is past the last stage's threshold, brought between 0 and 1; it is no probability.
        scores = [max(0.0, float(weight)) / (1 + max(0.0, float(weight))) for weight in weights]
        hits = zip((tuple(int(edge) for edge in box) for box in boxes), scores)
        return sorted(hits, key=lambda hit: -hit[1])


def _score_of(text: str):
    """None for what is no score."""
    try:
        score = float(text) if text else DEFAULT_MIN_SCORE
    except ValueError:
        return None
    return score if 0 <= score <= 1 else None


def _grey(picture: bytes):
    """The picture in shades of grey with even light, in pixels as they are stored; None for what is none."""
    try:
        # A rotation that the file asks for is left out: places are told in the pixels that were sent.
        flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
        image = cv2.imdecode(np.frombuffer(picture, np.uint8), flags)
    except cv2.error:
        return None
    if image is None or image.size > MAX_PIXELS:
        return None
    return cv2.equalizeHist(image)
