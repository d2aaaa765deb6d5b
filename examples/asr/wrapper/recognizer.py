"""Speech to text in a stream: pieces of PCM in, the transcript so far out. The model comes with pocketsphinx."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from contextlib import closing

from pocketsphinx import Decoder, Endpointer

SAMPLE_RATE = 16_000
"""Samples per second that the model was trained on; a sample is a signed 16-bit integer, little-endian."""


class Recognizer:
    """Keeps decoders for reuse, one per stream; there are as many as streams ran at the busiest moment."""

    def __init__(self) -> None:
        """Load the first decoder. Raises RuntimeError when the model cannot be read."""
        self._idle: queue.SimpleQueue[Decoder] = queue.SimpleQueue()
        self._idle.put(Decoder(loglevel="FATAL"))

    def transcribe(self, pieces: Iterable[bytes]) -> Iterator[str]:
        """Yield the transcript from its beginning whenever a piece changed it; the last one is final.

        Pieces may have any length. Nothing is yielded where nobody speaks.
        """
        decoder = self._take()
        try:
            with closing(_Speech(decoder)) as speech:
                shown = ""
                for piece in pieces:
                    speech.feed(piece)
                    if speech.text != shown:
                        shown = speech.text
                        yield shown
                speech.finish()
                if speech.text != shown:
                    yield speech.text
        finally:
            self._idle.put(decoder)

    def _take(self) -> Decoder:
        try:
            decoder = self._idle.get_nowait()
        except queue.Empty:
            return Decoder(loglevel="FATAL")
        # A decoder adapts to the voice and the noise that it hears: without this, a result would depend on what earlier
        # callers said.
        decoder.reinit_feat()
        return decoder


class _Speech:
    """One stream, decoded in utterances that end where the speaker pauses: a long stream needs no more memory than
    its longest utterance."""

    def __init__(self, decoder: Decoder) -> None:
        self.text = ""
        """What was said so far."""
        self._decoder = decoder
        self._endpointer = Endpointer(sample_rate=SAMPLE_RATE)
        self._rest = b""
        self._finished = ""
        self._in_utterance = False

    def feed(self, piece: bytes) -> None:
        """Decode the next bytes; what does not fill a frame of the endpointer waits for those that follow."""
        data = self._rest + piece
        size = self._endpointer.frame_bytes
        whole = len(data) - len(data) % size
        self._rest = data[whole:]
        for start in range(0, whole, size):
            self._decode(self._endpointer.process(data[start : start + size]))

    def finish(self) -> None:
        """Decode what still waits: no bytes follow."""
        if self._in_utterance:
            self._decode(self._endpointer.end_stream(self._rest.ljust(self._endpointer.frame_bytes, b"\0")))

    def close(self) -> None:
        """Leave the decoder ready for the next stream, wherever this one stopped."""
        if self._in_utterance:
            self._in_utterance = False
            self._decoder.end_utt()

    def _decode(self, speech: bytes | None) -> None:
        if speech is None:
            return
        if not self._in_utterance:
            self._decoder.start_utt()
            self._in_utterance = True
        self._decoder.process_raw(speech)
        if not self._endpointer.in_speech:
            self.close()
        hypothesis = self._decoder.hyp()
        self.text = f"{self._finished} {hypothesis.hypstr if hypothesis else ''}".strip()
        if not self._in_utterance:
            self._finished = self.text
