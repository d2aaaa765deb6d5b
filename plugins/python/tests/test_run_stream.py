"""The scheduler of protocol 2, without a process around it."""

import queue
import threading
import unittest

from aiges.plugin.run_stream import HostBatch, PluginBatch, RunStream
from tests.support import TIMEOUT_S, cancel, once


class Harness:
    """A RunStream whose wrapper blocks until the test lets it go."""

    def __init__(self, concurrency=1):
        self.begun = queue.Queue()
        self.go = queue.Queue()
        self.host = queue.Queue()
        self.stream = RunStream(self.execute, concurrency)
        self.stream.start(iter(self.host.get, None))
        self.writer = self.stream.batches()

    def execute(self, job):
        self.begun.put(job.id)
        self.go.get(timeout=TIMEOUT_S)
        batch = PluginBatch()
        batch.results.add(id=job.id, last=True)
        return batch.SerializeToString()

    def send(self, *messages):
        self.host.put(HostBatch(messages=messages))

    def next_batch(self):
        return PluginBatch.FromString(next(self.writer))


class RunStreamTest(unittest.TestCase):
    def harness(self, concurrency=1):
        harness = Harness(concurrency)
        self.addCleanup(harness.stream.close)
        return harness

    def test_a_single_request_begins_without_waiting_for_its_announcement(self):
        harness = self.harness()
        harness.send(once(1))
        self.assertEqual(harness.begun.get(timeout=TIMEOUT_S), 1)
        harness.go.put(None)
        batch = harness.next_batch()
        self.assertEqual((list(batch.started), [r.id for r in batch.results]), ([1], [1]))

    def test_the_next_request_begins_only_after_its_announcement_was_handed_over(self):
        harness = self.harness()
        harness.send(once(1), once(2))
        harness.begun.get(timeout=TIMEOUT_S)
        harness.go.put(None)
        first = harness.next_batch()
        announced = list(first.started)
        while 2 not in announced:
            self.assertTrue(harness.begun.empty())
            announced += harness.next_batch().started
        self.assertTrue(harness.begun.empty())
        asked = threading.Thread(target=harness.next_batch)
        asked.start()  # gRPC comes back for more.
        self.assertEqual(harness.begun.get(timeout=TIMEOUT_S), 2)
        harness.go.put(None)
        asked.join(TIMEOUT_S)
        self.assertFalse(asked.is_alive())

    def test_drain_begins_nothing_new_and_waits_for_what_runs(self):
        harness = self.harness()
        harness.send(once(1))
        harness.begun.get(timeout=TIMEOUT_S)
        drained = threading.Thread(target=harness.stream.drain, args=(TIMEOUT_S,))
        drained.start()
        while not harness.stream._stopping:
            pass
        harness.send(once(2))
        harness.go.put(None)
        self.assertEqual([r.id for r in harness.next_batch().results], [1])
        self.assertTrue(drained.is_alive())
        threading.Thread(target=lambda: list(harness.writer), daemon=True).start()
        drained.join(TIMEOUT_S)
        self.assertFalse(drained.is_alive())
        self.assertTrue(harness.begun.empty())

    def test_drain_gives_up_after_its_grace(self):
        harness = self.harness()
        harness.send(once(1))
        harness.begun.get(timeout=TIMEOUT_S)
        harness.stream.drain(0.01)
        harness.go.put(None)

    def test_a_closed_stream_cancels_what_runs_and_ends_the_writer(self):
        jobs = queue.Queue()
        go = threading.Event()

        def execute(job):
            jobs.put(job)
            go.wait(TIMEOUT_S)
            return b""

        host = queue.Queue()
        stream = RunStream(execute, 1)
        stream.start(iter(host.get, None))
        host.put(HostBatch(messages=[once(1)]))
        job = jobs.get(timeout=TIMEOUT_S)
        stream.close()
        self.assertTrue(job.cancelled)
        self.assertEqual(list(stream.batches()), [])
        go.set()

    def test_the_writer_answers_lone_requests_of_a_fast_wrapper_and_workers_the_rest(self):
        threads = {}

        def execute(job):
            threads[job.id] = threading.current_thread()
            batch = PluginBatch()
            batch.results.add(id=job.id, last=True)
            return batch.SerializeToString()

        host = queue.Queue()
        stream = RunStream(execute, 1)
        self.addCleanup(stream.close)
        stream.start(iter(host.get, None))
        answered = queue.Queue()

        def write():
            for data in stream.batches():
                for result in PluginBatch.FromString(data).results:
                    answered.put(result.id)

        writer = threading.Thread(target=write)
        writer.start()
        for id in range(1, 200):
            host.put(HostBatch(messages=[once(id)]))
            self.assertEqual(answered.get(timeout=TIMEOUT_S), id)
        self.assertIn(writer, threads.values())
        host.put(HostBatch(messages=[once(id) for id in range(200, 300)]))
        self.assertEqual(sorted(answered.get(timeout=TIMEOUT_S) for _ in range(100)), list(range(200, 300)))
        self.assertIsNot(threads[250], writer)
        stream.close()
        writer.join(TIMEOUT_S)
        self.assertFalse(writer.is_alive())

    def test_a_cancel_of_an_unknown_id_is_ignored(self):
        harness = self.harness()
        harness.send(cancel(77), once(1))
        self.assertEqual(harness.begun.get(timeout=TIMEOUT_S), 1)
        harness.go.put(None)
        self.assertEqual([r.id for r in harness.next_batch().results], [1])


if __name__ == "__main__":
    unittest.main()
