"""Frames of protocol 1 that wait for wrapperStream: as many as there is room for."""

import threading
import unittest
from unittest import mock

from aiges import context
from aiges.loader import LoadedWrapper
from aiges.plugin import frame_room
from aiges.plugin.lifecycle import Lifecycle
from aiges.plugin.protocol1 import WrapperService
from aiges.sdk import StringBodyField, WrapperBase
from aiges.utils.log import log
from aiges.wire.messages import message
from tests.support import TIMEOUT_S

PART_BYTES = 64 << 10
ROOM = 3
"""Frames of PART_BYTES that may wait; each counts a little more than its data."""


class Answer:
    result = StringBodyField("result")


class Gated(WrapperBase):
    """Takes no frame before `gate` is set."""

    responseCls = Answer()

    def __init__(self):
        self.gate = threading.Event()
        self.sizes = []
        self.left = threading.Event()

    def wrapperInit(self, config):
        return 0

    def wrapperStream(self, params, frames):
        call = context.current()
        try:
            while not (self.gate.wait(0.001) or call.cancelled):
                pass
            if params.get("how") == "return":
                return
            for frame in frames:
                self.sizes.append(len(frame.list[0].data))
        finally:
            self.left.set()
        yield "end"


class AsyncGated(Gated):
    async def wrapperStream(self, params, frames):
        self.gate.wait(TIMEOUT_S)
        async for frame in frames:
            self.sizes.append(len(frame.list[0].data))
        yield "end"


class FrameRoomTest(unittest.TestCase):
    def open(self, wrapper=None, **params):
        self.wrapper = wrapper or Gated()
        self.addCleanup(self.wrapper.gate.set)
        self.service = WrapperService(Lifecycle())
        self.service._wrapper = LoadedWrapper(self.wrapper)
        request = message("aiges.CreateRequest")(sid="sid", tag="tag", params=params)
        self.handle = self.service._create(request, None).handle

    def write(self, status=1, size=PART_BYTES):
        frame = {"list": [{"key": "img", "data": bytes(size), "status": status}]}
        request = message("aiges.WriteMessage")(handle=self.handle, sid="sid", req=frame)
        return self.service._write(request, None).ret

    def fill(self):
        """Writes what there is room for, and then one more frame on a thread, which is returned."""
        self.answers = [self.write() for _ in range(ROOM)]
        writer = threading.Thread(target=lambda: self.answers.append(self.write()))
        writer.start()
        writer.join(0.05)
        self.assertTrue(writer.is_alive(), "no more than that was to wait")
        self.assertEqual(self.answers, [0] * ROOM)
        return writer

    def assert_let_go(self, writer):
        writer.join(TIMEOUT_S)
        self.assertEqual(self.answers, [0] * (ROOM + 1))

    def test_a_write_is_answered_when_the_wrapper_has_made_room(self):
        for wrapper in (Gated(), AsyncGated()):
            with self.subTest(type(wrapper).__name__):
                self.open(wrapper)
                writer = self.fill()
                self.wrapper.gate.set()
                self.assert_let_go(writer)
                self.assertEqual(self.write(2, size=1 << 20), 0)
                self.assertEqual(self.service._results.get(timeout=TIMEOUT_S).list[0].data, b"end")
                self.assertEqual(self.wrapper.sizes, [PART_BYTES] * (ROOM + 1) + [1 << 20])

    def test_a_write_waits_no_longer_when_the_wrapper_ends_without_its_frames(self):
        self.open(how="return")
        writer = self.fill()
        self.wrapper.gate.set()
        self.assert_let_go(writer)

    def test_a_write_waits_no_longer_when_the_host_destroys_the_session(self):
        self.open()
        writer = self.fill()
        self.assertEqual(self.service._destroy(message("aiges.Handle")(handle=self.handle), None).ret, 0)
        self.assert_let_go(writer)

    def test_a_session_whose_wrapper_takes_nothing_for_too_long_is_ended(self):
        self.open()
        with mock.patch.object(frame_room, "TAKE_TIMEOUT_S", 0.01), self.assertLogs(log, "ERROR") as logs:
            answers = [self.write() for _ in range(ROOM + 1)]
        self.assertEqual(answers, [0] * ROOM + [30003])
        self.assertIn("wrapperStream has taken no frame", logs.output[0])
        self.assertTrue(self.wrapper.left.wait(TIMEOUT_S))
        self.assertEqual(self.service._results.get(timeout=TIMEOUT_S).ret, 30003)


if __name__ == "__main__":
    unittest.main()
