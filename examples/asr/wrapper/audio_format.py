"""Checks that audio is what the recogniser takes, and unpacks WAV files."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping

from recognizer import SAMPLE_RATE

SAMPLE_BYTES = 2
RAW_ENCODINGS = ("", "raw", "pcm", "lpcm")


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
    for name, expected in (("channels", "1"), ("bit_depth", "16")):
        value = attributes.get(name, "")
        if value not in ("", expected):
            raise AudioFormatError(f"{name} is {value}")


def pcm_of_piece(data: bytes, attributes: Mapping[str, str]) -> bytes:
    """The samples of one piece of a stream, which has no room for a file header. Raises as `check_attributes`."""
    check_attributes(attributes)
    encoding = attributes.get("encoding", "")
    if encoding not in RAW_ENCODINGS:
        raise AudioFormatError(f"encoding of a stream is {encoding}")
    return data


def pcm_of_file(data: bytes, attributes: Mapping[str, str]) -> bytes:
    """The samples of a whole WAV file or of raw PCM. Raises as `check_attributes`."""
    check_attributes(attributes)
    if not data.startswith(b"RIFF"):
        encoding = attributes.get("encoding", "")
        # A caller that leaves the encoding at the declared "wav" and sends raw samples still meant audio of this kind.
        if encoding not in (*RAW_ENCODINGS, "wav"):
            raise AudioFormatError(f"encoding is {encoding}")
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
