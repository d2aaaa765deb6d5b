"""Checks that audio is what the recogniser takes, and unpacks WAV files."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping

from recognizer import SAMPLE_RATE

SAMPLE_BYTES = 2
ENCODINGS = ("", "raw", "pcm", "lpcm", "wav")


class SampleRateError(ValueError):
    """The audio has another sample rate than the model."""


class AudioFormatError(ValueError):
    """The audio is no mono 16-bit PCM, or a damaged WAV file."""


def check_attributes(attributes: Mapping[str, str]) -> None:
    """Check what a payload says of itself; what it leaves out counts as right.

    Raises SampleRateError or AudioFormatError.
    """
    rate = attributes.get("sample_rate", "")
    if rate not in ("", str(SAMPLE_RATE)):
        raise SampleRateError(f"sample_rate is {rate}")
    encoding = attributes.get("encoding", "")
    if encoding not in ENCODINGS:
        raise AudioFormatError(f"encoding is {encoding}")
    for name, expected in (("channels", "1"), ("bit_depth", "16")):
        value = attributes.get(name, "")
        if value not in ("", expected):
            raise AudioFormatError(f"{name} is {value}")


def without_header(data: bytes) -> bytes:
    """The samples of a recording or of its beginning, which may be a WAV file or samples alone.

    Raises SampleRateError or AudioFormatError.
    """
    if not data.startswith(b"RIFF"):
        return data
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getframerate() != SAMPLE_RATE:
                raise SampleRateError(f"the WAV file has {file.getframerate()} samples per second")
            if (file.getnchannels(), file.getsampwidth()) != (1, SAMPLE_BYTES):
                channels, bits = file.getnchannels(), 8 * file.getsampwidth()
                raise AudioFormatError(f"the WAV file has {channels} channels of {bits} bits")
            return file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError) as error:
        # RuntimeError is what `wave` raises for a chunk that claims to be longer than the file.
        raise AudioFormatError(f"broken WAV file: {error!r}") from error
