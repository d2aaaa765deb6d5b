"""The scheduler of protocol 2, without a process around it."""

import queue
import socket
import threading
import time
import unittest
from unittest import mock

from aiges.plugin import run_stream
from aiges.plugin.frame_socket import FrameConnection
from aiges.plugin.results import cancelled_result
from aiges.plugin.run_stream import PluginBatch, RunStream
from aiges.utils.log import log
from tests.support import TIMEOUT_S, batch, cancel, frame, once, read_frames

HEARD_S = 0.1
"""A cancel is heard in this time, whatever the wrapper does."""


FAST_S = 0.0002
"""The reader makes calls that take no longer than this by itself, and a chunk holds more than a dozen of them."""

ALL = range(1, 1000)


class Connection(FrameConnection):
    """A connection that takes the answers in `held` only when `reads` is set, as if its host did not read, and never
    those in `unsendable`."""

    def __init__(self, sock):
        super().__init__(sock)
        self.sending = queue.Queue()
        self.held = ()
        self.unsendable = ()
        self.reads = threading.Event()

    def send(self, data):
        answers = PluginBatch.FromString(data)
        if any(result.id in self.unsendable for result in answers.results):
            raise MemoryError("no memory")
        self.sending.put(answers)
        if any(result.id in self.held for result in answers.results):
            self.reads.wait(TIMEOUT_S)
        super().send(data)


class Harness:
    """A RunStream whose calls block when their sid is in `slow`, until the test lets them go."""

    def __init__(self, test, concurrency=1, slow=(), long_methods=frozenset()):
        self.begun = queue.Queue()
        self.go = queue.Queue()
        self.slow = slow
        self.threads = {}
        self.jobs = {}
        self.running = 0
        self.most_running = 0
        self.host, plugin = socket.socketpair()
        self.host.settimeout(TIMEOUT_S)
        self.frames = read_frames(self.host)
        self.connection = Connection(plugin)
        self.stream = RunStream(self.execute, concurrency, self.connection, long_methods=long_methods)
        self.reader = threading.Thread(target=self.stream.run, daemon=True)
        self.reader.start()
        self.plugin = plugin
        test.addCleanup(self.end)

    def end(self):
        self.stream.close()
        for _ in range(10):
            self.go.put(None)  # Calls that a failed test has left behind.
        for thread in threading.enumerate():
            if thread is self.reader or thread.name == "run-reader":
                thread.join(TIMEOUT_S)
        self.connection._reader.close()
        self.plugin.close()
        self.frames.close()
        self.host.close()

    def execute(self, job):
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.jobs[job.id] = job
        self.threads[job.id] = threading.current_thread()
        self.begun.put(job.id)
        if not job.cancelled and job.id in self.slow:
            self.go.get(timeout=TIMEOUT_S)
        self.running -= 1
        if job.cancelled:
            return cancelled_result(job.id)
        answers = PluginBatch()
        answers.results.add(id=job.id, last=True)
        return answers.SerializeToString()

    def send(self, *messages):
        self.host.sendall(frame(batch(*messages)))

    def next_batch(self):
        return PluginBatch.FromString(next(self.frames))

    def results(self, count):
        """The ids of the next results."""
        ids = []
        while len(ids) < count:
            ids += [result.id for result in self.next_batch().results]
        return ids

    def warm_up(self):
        """Fast calls, until the reader makes them itself, several at once. The machine may be busy with something else,
        which makes some of them slow, and may have brought about another reader."""
        for id in range(1000, 5000):
            self.send(once(id))
            assert self.results(1) == [id]
            by_reader = not self.threads[id].name.startswith("wrapper-")
            if id >= 1200 and by_reader and self.stream._call_time_s < FAST_S:
                break
        else:
            raise AssertionError("the reader makes no calls")
        self.reader = self.threads[id]
        while not self.begun.empty():
            self.begun.get()


def yields(id):
    """A request that may take its time."""
    request = once(id)
    request["once"]["method"] = "yields"
    return request


class RunStreamTest(unittest.TestCase):
    def test_a_single_request_is_answered_without_an_announcement(self):
        harness = Harness(self)
        harness.send(once(1))
        answers = harness.next_batch()
        self.assertEqual((list(answers.started), [r.id for r in answers.results]), ([], [1]))

    def test_requests_of_a_slow_wrapper_begin_one_after_the_other_each_after_the_answer_before(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1), once(2))
        self.assertEqual(harness.begun.get(timeout=TIMEOUT_S), 1)
        harness.connection.held = (1,)
        harness.go.put(None)
        self.assertEqual([r.id for r in harness.connection.sending.get(timeout=TIMEOUT_S).results], [1])
        self.assertTrue(harness.begun.empty())
        harness.connection.reads.set()
        self.assertEqual(harness.begun.get(timeout=TIMEOUT_S), 2)
        harness.go.put(None)
        self.assertEqual(harness.results(2), [1, 2])

    def test_an_answer_that_cannot_be_sent_ends_the_stream_whoever_sends_it(self):
        for reader in (False, True):
            with self.subTest(reader=reader):
                harness = Harness(self)
                if reader:
                    harness.warm_up()
                harness.connection.unsendable = (1,)
                with self.assertLogs(log, "ERROR") as logs:
                    harness.send(once(1))
                    self.assertEqual(list(harness.frames), [])
                self.assertIn("an answer cannot be sent", logs.output[0])

    def test_drain_begins_nothing_new_and_waits_for_what_runs(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1))
        harness.begun.get(timeout=TIMEOUT_S)
        drained = threading.Thread(target=harness.stream.drain, args=(TIMEOUT_S,))
        drained.start()
        while not harness.stream._stopping:
            pass
        harness.send(once(2), once(3), cancel(3))
        self.assertEqual(harness.results(1), [3])  # So the batch has been read.
        self.assertTrue(drained.is_alive())
        harness.go.put(None)
        self.assertEqual(harness.results(1), [1])
        drained.join(TIMEOUT_S)
        self.assertFalse(drained.is_alive())
        self.assertTrue(harness.begun.empty())

    def test_drain_gives_up_after_its_grace(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1))
        harness.begun.get(timeout=TIMEOUT_S)
        began = time.monotonic()
        harness.stream.drain(0.01)
        self.assertLess(time.monotonic() - began, TIMEOUT_S / 2)
        harness.go.put(None)

    def test_drain_gives_up_after_its_grace_although_the_host_reads_no_answers_to_its_cancels(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1), once(2))
        harness.begun.get(timeout=TIMEOUT_S)
        harness.connection.held = (2,)
        harness.send(cancel(2))
        harness.connection.sending.get(timeout=TIMEOUT_S)
        drained = threading.Thread(target=harness.stream.drain, args=(0.01,), daemon=True)
        drained.start()
        drained.join(TIMEOUT_S / 4)
        self.assertFalse(drained.is_alive())
        harness.connection.reads.set()
        harness.go.put(None)

    def test_announces_what_begins_while_the_host_may_not_know_of_a_cancelled_request(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1), once(2), once(3))
        harness.begun.get(timeout=TIMEOUT_S)
        harness.connection.held = (2,)
        harness.send(cancel(2))
        harness.connection.sending.get(timeout=TIMEOUT_S)
        harness.go.put(None)  # For the host, 2 would be the oldest now.
        self.assertEqual([result.id for result in harness.next_batch().results], [1])
        self.assertEqual(list(harness.next_batch().started), [3])
        harness.go.put(None)
        self.assertEqual(harness.results(1), [3])
        harness.connection.reads.set()
        self.assertEqual(harness.results(1), [2])

    def test_a_closed_stream_cancels_what_runs_and_ends_the_connection(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1), once(2))
        harness.begun.get(timeout=TIMEOUT_S)
        harness.stream.close()
        self.assertTrue(harness.jobs[1].cancelled)
        self.assertEqual(list(harness.frames), [])
        harness.go.put(None)
        harness.reader.join(TIMEOUT_S)
        self.assertFalse(harness.reader.is_alive())
        self.assertTrue(harness.begun.empty())

    def test_a_host_that_leaves_cancels_what_runs(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1))
        harness.begun.get(timeout=TIMEOUT_S)
        harness.host.shutdown(socket.SHUT_RDWR)
        harness.reader.join(TIMEOUT_S)
        self.assertTrue(harness.jobs[1].cancelled)
        harness.go.put(None)

    def test_a_worker_that_breaks_ends_the_connection_so_that_the_host_knows(self):
        harness = Harness(self)
        hook = threading.excepthook
        self.addCleanup(setattr, threading, "excepthook", hook)
        threading.excepthook = lambda _: None

        def fail(job):
            raise MemoryError

        harness.stream._execute = fail
        harness.send(once(1))
        self.assertEqual(list(harness.frames), [])

    def test_the_reader_answers_lone_requests_of_a_fast_wrapper_itself(self):
        harness = Harness(self)
        harness.warm_up()
        harness.send(*(once(id) for id in range(1, 101)))
        self.assertEqual(harness.results(100), list(range(1, 101)))

    def test_a_worker_answers_what_may_take_its_time_and_the_reader_the_other_calls_of_that_wrapper(self):
        harness = Harness(self, slow=(1,), long_methods=frozenset(["yields"]))
        harness.warm_up()
        harness.send(yields(1))
        self.assertEqual(harness.begun.get(timeout=TIMEOUT_S), 1)
        self.assertIsNot(harness.threads[1], harness.reader)
        harness.send(once(2))  # Waits, for there may be one call at a time, but is read.
        harness.send(cancel(2))
        self.assertEqual(harness.results(1), [2])
        harness.go.put(None)
        self.assertEqual(harness.results(1), [1])
        while harness.stream._busy:
            pass
        harness.send(once(3))
        self.assertEqual(harness.results(1), [3])
        self.assertIs(harness.threads[3], harness.reader)

    def test_what_may_take_its_time_is_taken_alone_and_in_its_turn(self):
        harness = Harness(self, slow=(2,), long_methods=frozenset(["yields"]))
        harness.warm_up()
        harness.send(once(1), yields(2), once(3), once(4))
        self.assertEqual([harness.begun.get(timeout=TIMEOUT_S) for _ in range(2)], [1, 2])
        self.assertEqual(harness.results(1), [1])
        harness.go.put(None)
        self.assertEqual(harness.results(3), [2, 3, 4])
        self.assertNotIn(harness.reader, [harness.threads[id] for id in range(1, 5)])
        self.assertEqual(harness.most_running, 1)

    def test_a_cancel_of_an_unknown_id_is_ignored(self):
        harness = Harness(self)
        harness.send(cancel(77), once(1))
        self.assertEqual(harness.results(1), [1])

    def test_a_cancelled_request_that_waits_gives_up_its_payloads(self):
        harness = Harness(self, slow=ALL)
        harness.send(once(1), once(2))
        harness.begun.get(timeout=TIMEOUT_S)
        job = harness.stream._open[2]
        self.assertIsNotNone(job.once)
        harness.send(cancel(2))
        self.assertEqual(harness.results(1), [2])
        self.assertIsNone(job.once)
        harness.go.put(None)


class WatchmanTest(unittest.TestCase):
    """A fast wrapper, whose calls the reader makes, and then one that takes long."""

    def hang(self, harness):
        harness.warm_up()
        harness.send(once(1))
        self.assertEqual(harness.begun.get(timeout=TIMEOUT_S), 1)
        self.assertIs(harness.threads[1], harness.reader)

    def hung(self):
        harness = Harness(self, slow=(1,))
        self.hang(harness)
        return harness

    def test_a_cancel_is_heard_while_a_call_hangs(self):
        harness = Harness(self, slow=(1,))

        def until_heard():
            self.hang(harness)
            began = time.monotonic()
            harness.send(cancel(1), once(2), cancel(2))
            self.assertEqual(harness.results(1), [2])
            taken = time.monotonic() - began
            self.assertTrue(harness.jobs[1].cancelled)
            harness.go.put(None)
            self.assertEqual(harness.results(1), [1])
            return taken

        # The machine may be busy with something else.
        self.assertLess(min(until_heard() for _ in range(3)), HEARD_S)

    def test_everything_goes_on_after_the_call_one_at_a_time(self):
        harness = self.hung()
        harness.send(once(2), once(3), cancel(2))
        self.assertEqual(harness.results(1), [2])
        self.assertTrue(harness.begun.empty())
        harness.go.put(None)
        self.assertEqual(harness.results(2), [1, 3])
        for id in range(10, 300):
            harness.send(once(id))
            self.assertEqual(harness.results(1), [id])
        self.assertEqual(harness.most_running, 1)
        harness.reader.join(TIMEOUT_S)
        self.assertFalse(harness.reader.is_alive(), "two threads read")

    def test_it_wakes_again_after_it_went_to_sleep(self):
        harness = self.hung()
        harness.go.put(None)
        self.assertEqual(harness.results(1), [1])
        end = time.monotonic() + TIMEOUT_S
        while harness.stream._watchman_awake and time.monotonic() < end:
            harness.stream._watch.wait(0.01)
        self.assertFalse(harness.stream._watchman_awake)
        harness.slow = (500,)
        for id in range(300, 501):  # The average comes down again, so the reader answers.
            harness.send(once(id))
            if id < 500:
                harness.results(1)
        harness.send(once(2), cancel(2))
        self.assertEqual(harness.results(1), [2])
        harness.go.put(None)
        self.assertEqual(harness.results(1), [500])

    def test_what_was_answered_before_a_call_that_hangs_does_not_wait_for_it(self):
        harness = Harness(self, slow=(4,))
        harness.warm_up()
        harness.send(*(once(id) for id in range(1, 11)))
        self.assertEqual(harness.results(3), [1, 2, 3])
        self.assertIn(4, [harness.begun.get(timeout=TIMEOUT_S) for _ in range(4)])
        harness.go.put(None)
        self.assertEqual(harness.results(7), list(range(4, 11)))

    def test_a_reader_that_becomes_free_while_it_is_being_replaced_does_not_read_on(self):
        harness = self.hung()
        watchman = threading.current_thread()

        def late():
            if threading.current_thread() is watchman:
                harness.go.put(None)
                self.assertEqual(harness.results(1), [1])
                end = time.monotonic() + HEARD_S
                while harness.stream._busy and time.monotonic() < end:
                    pass  # Time for the reader to go on, if it could.
            return time.perf_counter() + 1

        with mock.patch.object(run_stream, "perf_counter", late):
            harness.stream._replace_stuck_reader()
        harness.reader.join(TIMEOUT_S / 4)
        self.assertFalse(harness.reader.is_alive())
        harness.send(once(2))
        self.assertEqual(harness.results(1), [2])

    def test_a_call_is_counted_before_it_is_seen_whether_the_watchman_is_awake(self):
        # The watchman looks at the count after it has said that it sleeps, so none of the two can miss the other.
        seen = []

        class Observed(RunStream):
            @property
            def _watchman_awake(self):
                seen.append(self._watched)
                return True

            @_watchman_awake.setter
            def _watchman_awake(self, value):
                pass

        stream = Observed(cancelled_result, 1, None)
        stream._watch_over_me()
        self.assertEqual(seen, [1])


if __name__ == "__main__":
    unittest.main()
