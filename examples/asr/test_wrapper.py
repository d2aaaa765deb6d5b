"""Tests of the wrapper alone, without a daemon.

PYTHONPATH=../../plugins/python python -m unittest -v        # in this folder
"""

import array
import io
import json
import sys
import unittest
import wave
from pathlib import Path
from unittest import mock

EXAMPLE = Path(__file__).resolve().parent
SPEECH = EXAMPLE / "wrapper" / "test_data" / "speech.wav"
sys.path.insert(0, str(EXAMPLE / "wrapper"))

from aiges.dto import DataListCls, DataListNode  # noqa: E402

import wrapper as module  # noqa: E402

SPOKEN = "we want to know what you can do for your country and what your country can do for you"
RAW = {"encoding": "raw", "sample_rate": "16000", "bit_depth": "16", "channels": "1"}
BEGIN, CONTINUE, END, ONCE = range(4)
FRAME_BYTES = 1280
SECOND_BYTES = 32_000


def word_errors(spoken: str, recognised: str) -> int:
    """Words to insert, delete or replace to make one text of the other."""
    words = recognised.split()
    distances = list(range(len(words) + 1))
    for row, word in enumerate(spoken.split(), 1):
        diagonal, distances[0] = distances[0], row
        for column, other in enumerate(words, 1):
            replaced = diagonal + (word != other)
            diagonal = distances[column]
            distances[column] = min(distances[column] + 1, distances[column - 1] + 1, replaced)
    return distances[-1]


def word_accuracy(recognised: str) -> float:
    return 1 - word_errors(SPOKEN, recognised) / len(SPOKEN.split())


def wav(pcm: bytes, rate: int = 16_000, channels: int = 1, sample_bytes: int = 2) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(sample_bytes)
        file.setframerate(rate)
        file.writeframes(pcm)
    return buffer.getvalue()


def frame(data: bytes, status: int, attributes=RAW, key: str = "audio") -> DataListCls:
    return DataListCls([DataListNode(key, data, 1, status, attributes)])


def cut(pcm: bytes, size: int = FRAME_BYTES) -> list:
    """The frames of a session, the last with status end."""
    pieces = [pcm[at : at + size] for at in range(0, len(pcm), size)]
    statuses = [BEGIN, *[CONTINUE] * (len(pieces) - 2), END]
    return [frame(piece, status) for piece, status in zip(pieces, statuses)]


def text_of(response) -> str:
    return response.list[0].data


class WrapperTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with wave.open(str(SPEECH)) as file:
            cls.pcm = file.readframes(file.getnframes())
        cls.wrapper = module.Wrapper()
        assert cls.wrapper.wrapperInit({}) == 0

    def stream(self, frames) -> list:
        return list(self.wrapper.wrapperStream({"sid": "1"}, iter(frames)))

    def once(self, data: bytes, attributes=RAW):
        return self.wrapper.wrapperOnceExec({"sid": "1"}, frame(data, ONCE, attributes))


class Stream(WrapperTest):
    def test_recognises_four_of_five_words_while_they_are_spoken(self):
        heard = 0

        def frames():
            nonlocal heard
            for piece in cut(self.pcm):
                heard += len(piece.list[0].data)
                yield piece

        results = []
        for response in self.wrapper.wrapperStream({"sid": "1"}, frames()):
            results.append((heard, response.list[0].status, text_of(response)))
        *partial, (_, last_status, text) = results
        accuracy = word_accuracy(text)
        print(f"streamed: {accuracy:.0%} of the words, {len(partial)} partial results", file=sys.stderr)
        self.assertGreaterEqual(accuracy, 0.8)
        self.assertEqual(last_status, END)
        self.assertEqual({status for _, status, _ in partial}, {CONTINUE})
        # The first word is there within its first second, and most of them before the audio ends.
        self.assertLess(results[0][0], SECOND_BYTES)
        early = [text for at, _, text in partial if at < len(self.pcm) - SECOND_BYTES]
        self.assertGreater(len(early), 5)
        self.assertGreaterEqual(len(early[-1].split()), 10)

    def test_results_come_only_when_the_text_changed(self):
        texts = [text_of(response) for response in self.stream(cut(self.pcm))][:-1]
        self.assertTrue(all(before != after for before, after in zip(texts, texts[1:])), texts)

    def test_frames_of_any_length_give_the_same_text(self):
        expected = text_of(self.stream(cut(self.pcm))[-1])
        for size in (333, 960, 32_001):
            with self.subTest(size=size):
                self.assertEqual(text_of(self.stream(cut(self.pcm, size))[-1]), expected)

    def test_a_wav_file_may_be_streamed_with_its_header(self):
        expected = [text_of(response) for response in self.stream(cut(self.pcm))]
        data = SPEECH.read_bytes()
        frames = [frame(data[: 44 + FRAME_BYTES], BEGIN), *cut(data[44 + FRAME_BYTES :])]
        self.assertEqual([text_of(response) for response in self.stream(frames)], expected)

    def test_what_is_said_behind_a_pause_is_added(self):
        silence = bytes(2 * SECOND_BYTES)
        text = text_of(self.stream(cut(self.pcm + silence + self.pcm))[-1])
        once = len(SPOKEN.split())
        self.assertLessEqual(word_errors(f"{SPOKEN} {SPOKEN}", text), 0.2 * 2 * once)

    def test_no_result_depends_on_earlier_speakers(self):
        expected = [text_of(response) for response in self.stream(cut(self.pcm))]
        at_half_speed = array.array("h", [sample for sample in array.array("h", self.pcm) for _ in range(2)])
        self.stream(cut(at_half_speed.tobytes()))
        self.assertEqual([text_of(response) for response in self.stream(cut(self.pcm))], expected)

    def test_streams_run_side_by_side_and_a_closed_one_leaves_its_decoder_in_order(self):
        expected = text_of(self.stream(cut(self.pcm))[-1])
        first = self.wrapper.wrapperStream({"sid": "1"}, iter(cut(self.pcm)))
        next(first)
        self.assertEqual(text_of(self.stream(cut(self.pcm))[-1]), expected)
        first.close()
        for _ in range(2):
            self.assertEqual(text_of(self.stream(cut(self.pcm))[-1]), expected)

    def test_silence_ends_with_an_empty_text(self):
        (only,) = self.stream(cut(bytes(SECOND_BYTES)))
        self.assertEqual((text_of(only), only.list[0].status, only.error_code), ("", END, 0))

    def test_nothing_is_read_behind_the_last_frame(self):
        frames = iter([*cut(bytes(SECOND_BYTES)), frame(self.pcm, CONTINUE)])
        list(self.wrapper.wrapperStream({"sid": "1"}, frames))
        self.assertEqual(len(list(frames)), 1)

    def test_a_first_frame_without_audio_and_an_empty_last_one_are_fine(self):
        frames = [DataListCls([]), frame(self.pcm, BEGIN), frame(b"", END)]
        self.assertGreaterEqual(word_accuracy(text_of(self.stream(frames)[-1])), 0.8)


class Once(WrapperTest):
    def test_recognises_four_of_five_words_of_a_wav_file_and_of_raw_samples(self):
        for name, data, attributes in (
            ("wav", SPEECH.read_bytes(), {"encoding": "wav"}),
            ("wav from a pipe", self.wav_of_unknown_length(), {"encoding": "wav"}),
            ("raw", self.pcm, RAW),
            ("raw without attributes", self.pcm, {}),
        ):
            with self.subTest(name):
                response = self.once(data, attributes)
                self.assertEqual((response.error_code, response.list[0].status), (0, ONCE))
                self.assertGreaterEqual(word_accuracy(text_of(response)), 0.8)

    def wav_of_unknown_length(self) -> bytes:
        header, unknown = wav(b""), b"\xff" * 4
        return header[:4] + unknown + header[8:40] + unknown + self.pcm

    def test_declares_its_input_output_and_test_speech(self):
        schema = json.loads(self.wrapper.schema())
        self.assertEqual(schema["meta"]["asr"]["input"], {"audio": {"dataType": "audio"}})
        self.assertEqual(schema["meta"]["asr"]["accept"], {"result": {"dataType": "text"}})
        self.assertEqual(module.UserRequest.input1.test_value, SPEECH.read_bytes())


class Failures(WrapperTest):
    def check(self, response, code: int):
        self.assertEqual(response.error_code, code)
        self.assertTrue(self.wrapper.wrapperError(code))

    def test_a_stream_with_another_sample_rate_ends_at_its_first_frame(self):
        frames = iter([frame(self.pcm, BEGIN, {**RAW, "sample_rate": "8000"}), frame(b"", END)])
        (only,) = list(self.wrapper.wrapperStream({"sid": "1"}, frames))
        self.check(only, module.WRONG_SAMPLE_RATE)

    def test_a_stream_that_is_no_mono_16_bit_pcm(self):
        for wrong in ({"channels": "2"}, {"bit_depth": "8"}, {"encoding": "mp3"}):
            with self.subTest(wrong):
                (only,) = self.stream([frame(self.pcm, BEGIN, {**RAW, **wrong})])
                self.check(only, module.UNSUPPORTED_AUDIO)
        (only,) = self.stream(cut(wav(self.pcm, channels=2)))
        self.check(only, module.UNSUPPORTED_AUDIO)

    def test_a_stream_whose_format_changes(self):
        frames = [frame(bytes(FRAME_BYTES), BEGIN), frame(bytes(FRAME_BYTES), END, {"sample_rate": "8000"})]
        (only,) = self.stream(frames)
        self.check(only, module.WRONG_SAMPLE_RATE)

    def test_a_stream_without_audio(self):
        for frames in ([], [frame(b"", END)], [frame(self.pcm, BEGIN, key="sound")]):
            (only,) = self.stream(frames)
            self.check(only, module.AUDIO_MISSING)

    def test_a_file_with_another_sample_rate(self):
        self.check(self.once(wav(self.pcm, rate=8000), {"encoding": "wav"}), module.WRONG_SAMPLE_RATE)
        self.check(self.once(self.pcm, {"sample_rate": "44100"}), module.WRONG_SAMPLE_RATE)

    def test_a_file_that_is_no_mono_16_bit_pcm(self):
        for data, attributes in (
            (wav(self.pcm, channels=2), {}),
            (wav(self.pcm, sample_bytes=1), {}),
            (b"RIFF\x10\0\0\0WAVEnonsense", {"encoding": "wav"}),
            (SPEECH.read_bytes()[:20], {"encoding": "wav"}),
            (b"ID3", {"encoding": "mp3"}),
        ):
            with self.subTest(data[:12]):
                self.check(self.once(data, attributes), module.UNSUPPORTED_AUDIO)

    def test_a_request_without_audio(self):
        self.check(self.once(b""), module.AUDIO_MISSING)
        self.check(self.once(wav(b"")), module.AUDIO_MISSING)
        self.check(self.wrapper.wrapperOnceExec({}, frame(self.pcm, ONCE, key="sound")), module.AUDIO_MISSING)

    def test_a_model_that_cannot_be_loaded_fails_the_start(self):
        no_model = mock.patch("recognizer.Decoder", side_effect=RuntimeError("no model"))
        with no_model, self.assertLogs(module.log, "ERROR") as logged:
            self.assertEqual(module.Wrapper().wrapperInit({}), module.MODEL_NOT_LOADED)
        self.assertIn("no model", logged.output[0])

    def test_the_codes_have_distinct_texts_and_others_have_none(self):
        self.assertEqual(len(set(module.ERRORS.values())), 4)
        self.assertEqual(self.wrapper.wrapperError(1), "")


if __name__ == "__main__":
    unittest.main()
