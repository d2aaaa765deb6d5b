"""Streaming speech recognition as a wrapper: 16 kHz 16-bit mono PCM in, English text out while the speaker speaks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from aiges.core.types import DataContinue, DataEnd, DataOnce, DataText
from aiges.dto import DataListCls, Response, ResponseData
from aiges.sdk import AudioBodyField, StringBodyField, WrapperBase
from aiges.utils.log import log
from audio_format import AudioFormatError, SampleRateError, check_attributes, without_header
from recognizer import Recognizer

HERE = os.path.dirname(os.path.abspath(__file__))
PIECE_BYTES = 1280
"""40 ms: how a whole recording is cut before it is decoded like a stream."""

MODEL_NOT_LOADED = 41001
AUDIO_MISSING = 41002
WRONG_SAMPLE_RATE = 41003
UNSUPPORTED_AUDIO = 41004

ERRORS = {
    MODEL_NOT_LOADED: "模型无法加载: the recogniser's model cannot be loaded",
    AUDIO_MISSING: "请求缺少音频数据 audio: there is no data under the key audio",
    WRONG_SAMPLE_RATE: "采样率须为 16000: the sample rate of audio must be 16000",
    UNSUPPORTED_AUDIO: "音频须为 16 位单声道 PCM: audio must be mono 16-bit PCM, raw or as a WAV file",
}
"""The wrapper's own codes and what the caller reads."""


class UserRequest:
    """What a request or a frame carries: audio. The path is what the generated documentation tries out."""

    input1 = AudioBodyField(key="audio", path=os.path.join(HERE, "test_data", "speech.wav"), encoding="wav")


class UserResponse:
    """What an answer carries: the transcript from the beginning of the audio."""

    accept1 = StringBodyField(key="result")


class Wrapper(WrapperBase):
    """Every stream has a decoder of its own, so streams may run at the same time."""

    serviceId = "asr"
    version = "v1"
    requestCls = UserRequest()
    responseCls = UserResponse()

    def wrapperInit(self, config: dict) -> int:
        """Load the model; MODEL_NOT_LOADED if that fails."""
        try:
            self.recognizer = Recognizer()
        except RuntimeError as error:
            log.error("cannot load the model: %s", error)
            return MODEL_NOT_LOADED
        return 0

    def wrapperStream(self, params: dict, frames: Iterable[DataListCls]) -> Iterator[Response]:
        """Yield the transcript so far each time it changes, and the whole one with status end behind the last frame."""
        audio = _AudioOf(frames)
        text = ""
        try:
            for text in self.recognizer.transcribe(audio):
                yield _answer(text, DataContinue)
        except (SampleRateError, AudioFormatError) as error:
            yield _failure(error)
            return
        yield _answer(text, DataEnd) if audio.heard else Response().response_err(AUDIO_MISSING)

    def wrapperOnceExec(self, params: dict, reqData: DataListCls) -> Response:
        """Answer with the transcript of a whole recording, or with one of the codes in ERRORS."""
        audio = reqData.get("audio")
        if audio is None or not audio.data:
            return Response().response_err(AUDIO_MISSING)
        try:
            check_attributes(audio.desc)
            pcm = without_header(bytes(audio.data))
        except (SampleRateError, AudioFormatError) as error:
            return _failure(error)
        if not pcm:
            return Response().response_err(AUDIO_MISSING)
        pieces = (pcm[at : at + PIECE_BYTES] for at in range(0, len(pcm), PIECE_BYTES))
        transcripts = ["", *self.recognizer.transcribe(pieces)]
        return _answer(transcripts[-1], DataOnce)

    def wrapperFini(self) -> int:
        """Nothing to give back: the decoders go with the process."""
        return 0

    def wrapperError(self, ret: int) -> str:
        """The text for one of our codes; empty for any other."""
        return ERRORS.get(ret, "")


class _AudioOf:
    """The samples in a session's frames, up to the last one. `heard` tells whether there were any."""

    def __init__(self, frames: Iterable[DataListCls]) -> None:
        self._frames = frames
        self.heard = False

    def __iter__(self) -> Iterator[bytes]:
        for frame in self._frames:
            audio = frame.get("audio")
            if audio is None:
                continue
            if audio.data:
                check_attributes(audio.desc)
                data = bytes(audio.data)
                yield data if self.heard else without_header(data)
                self.heard = True
            if audio.status in (DataEnd, DataOnce):
                return


def _answer(text: str, status: int) -> Response:
    response = Response()
    response.list = [ResponseData("result", text, type=DataText, status=status)]
    return response


def _failure(error: ValueError) -> Response:
    log.warning("audio refused: %s", error)
    return Response().response_err(WRONG_SAMPLE_RATE if isinstance(error, SampleRateError) else UNSUPPORTED_AUDIO)
