"""What the host of a session is told beside its results: that it was created, and how many frames were taken."""

import contextlib
import tempfile
import unittest

from aiges.dto import DataListCls, DataListNode
from aiges.plugin.frames import Frames
from tests.stream_client import StreamClient, open_session, texts, write
from tests.stream_notes import NOTE, Notes
from tests.support import cancel, once, plugin

CALLBACKS = (
    NOTE
    + """
gate = threading.Event()
def wait_until_cancelled():
    while not context.current().cancelled:
        threading.Event().wait(0.001)
class Wrapper(Noting):
    def wrapperOnceExec(self, params, reqData):
        gate.set()
        return answer(b"once")
    def wrapperCreate(self, params, sid):
        if params.get("create") == "wait":
            note("creating")
            wait_until_cancelled()
        created = SessionCreateResponse()
        created.handle = "handle of " + sid
        created.error_code = int(params.get("code", "0"))
        return created
    def wrapperWrite(self, handle, req, sid):
        text = req.list[0].data.decode()
        if text == "wait":
            note("waiting")
            wait_until_cancelled()
        if text == "last":
            response = answer("last")
            response.list[0].status = DataEnd
            callback(response, sid)
        return 0
    def wrapperDestroy(self, handle):
        if handle.endswith("slow"):
            gate.wait()
        return 0
"""
)

YIELDS = (
    NOTE
    + """
class Wrapper(Noting):
    def wrapperStream(self, params, frames):
        for frame in frames:
            text = frame.get("img").data.decode()
            if text == "wait":
                note("waiting")
                while not context.current().cancelled:
                    threading.Event().wait(0.001)
            if text == "echo":
                yield text
"""
)

ASYNC_YIELDS = (
    YIELDS.replace("def wrapperStream", "async def wrapperStream")
    .replace("for frame in", "async for frame in")
    .replace("threading.Event().wait(0.001)", "await __import__('asyncio').sleep(0.001)")
)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notes = Notes(folder.name)
        self.addCleanup(self.notes.close)

    @contextlib.contextmanager
    def client(self, source):
        with plugin(source) as running, StreamClient(running, notes=self.notes.path) as client:
            yield client


class CreatedTest(Case):
    def test_a_session_is_named_when_it_was_created_and_not_before(self):
        with self.client(CALLBACKS) as client:
            client.send(open_session(1, create="wait"), open_session(2))
            client.wait_started(2)
            self.assertEqual(self.notes.next(), "creating")
            self.assertEqual((client.started(), client.seen(1)), ([2], []))
            client.send(cancel(1))
            self.assertTrue(client.all_results(1)[-1].last)

    def test_a_refused_session_is_never_named(self):
        with self.client(CALLBACKS) as client:
            client.send(open_session(1, code="77"))
            self.assertEqual(client.all_results(1)[-1].code, 77)
            self.assertEqual(client.started(), [])

    def test_a_session_of_wrapper_stream_is_named_at_once(self):
        for source in (YIELDS, ASYNC_YIELDS):
            with self.subTest(source), self.client(source) as client:
                client.send(open_session(1))
                client.wait_started(1)


class TakenTest(Case):
    def test_frames_are_counted_when_the_wrapper_has_taken_them(self):
        # A frame counts for wrapperStream when it was handed over, for wrapperWrite when that has returned.
        for source, held in ((CALLBACKS, 0), (YIELDS, 1), (ASYNC_YIELDS, 1)):
            with self.subTest(source), self.client(source) as client:
                client.send(open_session(1), *(write(1, b"quiet") for _ in range(300)))
                client.wait_taken(1, 300)
                client.send(write(1, b"wait"), *(write(1, b"never") for _ in range(20)))
                self.assertEqual(self.notes.next(), "waiting")
                self.assertLessEqual(client.taken(1), 300 + held)
                client.send(open_session(2), write(2, b"quiet"))
                client.wait_taken(2, 1)
                self.assertLessEqual(client.taken(1), 300 + held)
                client.send(cancel(1))
                client.all_results(1)

    def test_large_frames_are_told_while_the_wrapper_is_busy_with_later_ones(self):
        for source in (YIELDS, ASYNC_YIELDS):
            with self.subTest(source), self.client(source) as client:
                client.send(open_session(1), write(1, bytes(100_000)), write(1, b"wait"))
                client.wait_taken(1, 1)
                client.send(cancel(1))
                client.all_results(1)

    def test_results_carry_the_frames_that_were_taken(self):
        for source in (YIELDS, ASYNC_YIELDS):
            with self.subTest(source), self.client(source) as client:
                client.send(open_session(1), write(1, b"echo"))
                self.assertEqual(texts(client.results(1, 1)), ["echo"])
                self.assertEqual(client.taken(1), 1)

    def test_frames_that_are_dropped_after_the_last_result_are_counted(self):
        with self.client(CALLBACKS) as client:
            frames = [write(1, b"last"), *(write(1, b"late") for _ in range(5))]
            client.send(open_session(1, sid="slow"), *frames)
            client.wait_taken(1, 6)
            self.assertEqual(client.seen(1), [])
            client.send(once(2))
            self.assertEqual(texts(client.all_results(1)), ["last"])

    def test_frames_that_a_generator_does_not_take_after_its_last_result_are_counted(self):
        receipts = Receipts()
        frames = Frames(receipts)
        for _ in range(3):
            frames.put(FRAME)
        next(frames)
        frames.stop()
        frames.put(FRAME)
        self.assertEqual((receipts.frames, receipts.told), (4, 4))


FRAME = DataListCls([DataListNode("img", b"data", 2, 1, {})])


class Receipts:
    def __init__(self):
        self.frames = self.told = 0

    def took(self, frame, more):
        self.frames += 1

    def tell(self):
        self.told = self.frames


if __name__ == "__main__":
    unittest.main()
