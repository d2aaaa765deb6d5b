"""What carries streamed results to the host: that nobody waits for a result that cannot be sent."""

import socket
import threading
import unittest
from unittest import mock

from aiges.plugin import result_writer, results
from aiges.plugin.frame_socket import FrameConnection
from aiges.plugin.result_writer import ResultWriter
from aiges.utils.log import log
from tests.support import TIMEOUT_S, read_frames


class Connection(FrameConnection):
    """Has no memory to send a message with the word `huge`, and waits with the word `late` until `go` is set."""

    def __init__(self, sock):
        super().__init__(sock)
        self.sending = threading.Event()
        self.go = threading.Event()

    def send(self, data):
        if b"late" in data:
            self.sending.set()
            self.go.wait(TIMEOUT_S)
        if b"huge" in data:
            raise MemoryError("no memory")
        super().send(data)


class ResultWriterTest(unittest.TestCase):
    def setUp(self):
        self.host, self.plugin = socket.socketpair()
        self.host.settimeout(TIMEOUT_S)
        self.connection = Connection(self.plugin)
        self.writer = ResultWriter(self.connection)
        self.frames = read_frames(self.host)
        self.addCleanup(self.host.close)
        self.addCleanup(self.frames.close)
        self.addCleanup(self.plugin.close)
        self.addCleanup(self.connection._reader.close)
        self.addCleanup(self.writer._close)

    def test_a_result_that_cannot_be_sent_ends_the_stream(self):
        with self.assertLogs(log, "ERROR") as logs:
            self.writer.put(b"huge")
        self.assertIn("cannot be sent", logs.output[0])
        self.assertEqual(list(self.frames), [])

    def test_results_that_are_put_after_one_that_could_not_be_sent_are_not_kept(self):
        with self.assertLogs(log, "ERROR"):
            self.writer.put(b"huge")
        self.writer.put(b"next")
        self.assertEqual(self.writer._held, [])

    def test_results_that_pile_up_while_one_is_sent_leave_in_messages_of_bounded_size(self):
        part = bytes(result_writer.MAX_HELD_BYTES // 2)
        first = threading.Thread(target=self.writer.put, args=(b"late",))
        first.start()
        self.assertTrue(self.connection.sending.wait(TIMEOUT_S))
        with mock.patch.object(result_writer, "MAX_HELD_BYTES", 1 << 30):
            for _ in range(6):
                self.writer.put(part)
        self.connection.go.set()
        sizes = [len(next(self.frames)) for _ in range(4)]
        self.assertEqual(sizes, [4, 2 * len(part), 2 * len(part), 2 * len(part)])
        first.join(TIMEOUT_S)

    def test_a_burst_is_sent_where_the_system_has_no_thread_left(self):
        with (
            mock.patch.object(result_writer, "BURST_S", TIMEOUT_S),
            mock.patch.object(result_writer, "FLUSH_TIME_S", TIMEOUT_S),
            mock.patch.object(threading.Thread, "start", side_effect=RuntimeError("can't start new thread")),
        ):
            self.writer._last_put = self.writer._last_sent = result_writer.perf_counter()
            with self.assertLogs(log, "WARNING"):
                self.writer.put(b"first")
        self.assertEqual(next(self.frames), b"first")


class LargeResultTest(unittest.TestCase):
    def test_a_result_that_no_host_takes_is_refused_by_its_size(self):
        with mock.patch.object(results, "MAX_RESULT_BYTES", 1 << 20):
            results.result(1, [results.DataListNode("result", bytes(1000))])
            with self.assertRaisesRegex(results.InvalidAnswer, "a result of 1048... bytes .* at most 1 MiB"):
                results.result(1, [results.DataListNode("result", bytes(1 << 20))])


if __name__ == "__main__":
    unittest.main()
