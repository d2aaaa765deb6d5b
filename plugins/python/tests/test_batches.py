"""wrapperBatchExec: requests that wait together are answered together."""

import queue
import socket
import threading
import time
import unittest

from aiges.dto import Response, ResponseData
from aiges.loader import LoadedWrapper
from aiges.plugin.batch_executor import BatchExecutor
from aiges.plugin.frame_socket import FrameConnection
from aiges.plugin.once_executor import OnceExecutor
from aiges.plugin.run_stream import PluginBatch, RunStream
from aiges.sdk import StringBodyField, WrapperBase, method
from tests.stream_client import StreamClient
from tests.support import TIMEOUT_S, Run, batch, cancel, frame, once, plugin, read_frames
from tests.test_protocol1 import Host


def answer(text):
    response = Response()
    response.list = [ResponseData("result", text)]
    return response


class Gated(WrapperBase):
    """Puts the sids of each batch into `begun` and answers when the test says so, with the batch's size."""

    def __init__(self):
        self.begun = queue.Queue()
        self.go = queue.Queue()
        self.most = 0

    def wrapperInit(self, config):
        return 0

    def wrapperBatchExec(self, requests):
        self.begun.put([request.context.sid for request in requests])
        self.go.get(timeout=TIMEOUT_S)
        return [answer(str(len(requests))) for _ in requests]

    @method(outputs=[StringBodyField("result")])
    def alone(self):
        self.begun.put("alone")
        return "alone"

    def next_batch(self):
        return self.begun.get(timeout=TIMEOUT_S)


class Harness:
    """A RunStream over a socket pair, with a wrapper in this process."""

    def __init__(self, test, wrapper, size=8, delay_s=0.0, concurrency=1):
        self.wrapper = wrapper
        loaded = LoadedWrapper(wrapper)
        self.host, self.plugin = socket.socketpair()
        self.host.settimeout(TIMEOUT_S)
        self.frames = read_frames(self.host)
        self.connection = FrameConnection(self.plugin)
        batches = BatchExecutor(loaded, size, delay_s)
        self.stream = RunStream(OnceExecutor(loaded, None), concurrency, self.connection, batches=batches)
        self.thread = threading.Thread(target=self.stream.run, daemon=True)
        self.thread.start()
        test.addCleanup(self.end)

    def end(self):
        self.stream.close()
        for _ in range(10):
            self.wrapper.go.put(None)  # Calls that a failed test has left behind.
        self.thread.join(TIMEOUT_S)
        self.connection._reader.close()
        self.plugin.close()
        self.frames.close()
        self.host.close()

    def send(self, *messages):
        self.host.sendall(frame(batch(*messages)))

    def next_answers(self):
        return PluginBatch.FromString(next(self.frames))

    def results(self, count):
        """Texts, or error messages, by id, of the next results."""
        found = {}
        while len(found) < count:
            for result in self.next_answers().results:
                found[result.id] = result.payloads[0].data.decode() if result.payloads else result.message
        return found

    def occupy(self):
        """Has the wrapper begin request 100; all others wait."""
        self.send(once(100))
        assert self.wrapper.next_batch() == ["sid-100"]


def sids(*ids):
    return [f"sid-{id}" for id in ids]


class ScheduleTest(unittest.TestCase):
    def test_what_waits_while_the_wrapper_works_is_one_batch_of_at_most_the_size(self):
        harness = Harness(self, Gated(), size=3)
        harness.occupy()
        harness.send(*map(once, range(1, 6)))
        for _ in range(3):
            harness.wrapper.go.put(None)
        self.assertEqual([harness.wrapper.next_batch() for _ in range(2)], [sids(1, 2, 3), sids(4, 5)])
        self.assertEqual(harness.results(6), {100: "1", 1: "3", 2: "3", 3: "3", 4: "2", 5: "2"})

    def test_a_batch_is_announced_before_it_begins_and_a_lone_request_is_not(self):
        harness = Harness(self, Gated())
        harness.occupy()
        harness.send(once(1), once(2))
        harness.wrapper.go.put(None)
        lone = harness.next_answers()
        self.assertEqual((list(lone.started), [result.id for result in lone.results]), ([], [100]))
        self.assertEqual(list(harness.next_answers().started), [1, 2])

    def test_a_lone_request_does_not_wait_by_default(self):
        harness = Harness(self, Gated())
        began = time.monotonic()
        harness.occupy()
        self.assertLess(time.monotonic() - began, 1)

    def test_a_request_waits_for_others_until_its_batch_is_full(self):
        harness = Harness(self, Gated(), size=2, delay_s=TIMEOUT_S)
        harness.send(once(1))
        harness.send(once(2))
        harness.wrapper.go.put(None)
        self.assertEqual(harness.wrapper.next_batch(), sids(1, 2))

    def test_a_lone_request_is_delayed_by_no_more_than_the_limit(self):
        harness = Harness(self, Gated(), delay_s=0.05)
        began = time.monotonic()
        harness.occupy()
        taken = time.monotonic() - began
        self.assertGreater(taken, 0.045)
        self.assertLess(taken, 1)

    def test_a_request_that_was_cancelled_while_it_waited_is_left_out(self):
        harness = Harness(self, Gated(), size=3)
        harness.occupy()
        harness.send(once(1), once(2), once(3), cancel(2))
        harness.wrapper.go.put(None)
        self.assertEqual(harness.wrapper.next_batch(), sids(1, 3))

    def test_a_request_that_was_cancelled_while_its_batch_was_gathered_is_left_out(self):
        harness = Harness(self, Gated(), size=2, delay_s=TIMEOUT_S)
        harness.send(once(1))
        harness.send(cancel(1))
        self.assertEqual(harness.results(1), {1: "cancelled before it began"})
        harness.send(once(2))
        harness.send(once(3))
        harness.wrapper.go.put(None)
        self.assertEqual(harness.wrapper.next_batch(), sids(2, 3))

    def test_a_method_is_called_alone_and_in_its_turn(self):
        harness = Harness(self, Gated(), delay_s=0.05)
        harness.occupy()
        named = {"id": 2, "once": {"sid": "m", "method": "alone"}}
        harness.send(once(1), named, once(3))
        for _ in range(3):
            harness.wrapper.go.put(None)
        self.assertEqual([harness.wrapper.next_batch() for _ in range(3)], [sids(1), "alone", sids(3)])
        self.assertEqual(harness.results(4), {100: "1", 1: "1", 2: "alone", 3: "1"})

    def test_several_batches_run_at_once_as_the_concurrency_allows(self):
        harness = Harness(self, Gated(), size=2, concurrency=2)
        harness.send(*map(once, range(1, 5)))
        self.assertEqual(sorted(harness.wrapper.next_batch() for _ in range(2)), [sids(1, 2), sids(3, 4)])

    def test_a_drain_does_not_wait_for_others_to_come(self):
        harness = Harness(self, Gated(), delay_s=TIMEOUT_S)
        harness.send(once(1))
        began = time.monotonic()
        harness.stream.drain(TIMEOUT_S)
        self.assertLess(time.monotonic() - began, TIMEOUT_S / 2)

    def test_batches_form_under_load(self):
        class Slow(Gated):
            def wrapperBatchExec(self, requests):
                self.most = max(self.most, len(requests))
                time.sleep(0.01)  # A model that takes as long for many as for one.
                return [answer("ok") for _ in requests]

        harness = Harness(self, Slow(), size=32)
        began = time.monotonic()
        for id in range(1, 201):
            harness.send(once(id))
        self.assertEqual(len(harness.results(200)), 200)
        self.assertGreater(harness.wrapper.most, 8)
        self.assertLess(time.monotonic() - began, 200 * 0.01 / 2)


ANSWERS = """
class Wrapper(Base):
    def wrapperBatchExec(self, requests):
        hows = [request.params.get("how", "") for request in requests]
        if "raise" in hows:
            raise ValueError("no batch today")
        if "few" in hows:
            return []
        if "none" in hows:
            return None
        results = []
        for how, request in zip(hows, requests):
            if how == "error":
                results.append(KeyError("this one"))
            elif how == "code":
                results.append(Response().response_err(42))
            elif how == "wrong":
                results.append("text")
            else:
                results.append(answer(f"{len(requests)} " + request.reqData.get("img").data.decode()))
        return results
    def wrapperError(self, ret):
        return "forty-two"
"""


class AnswerTest(unittest.TestCase):
    def outcome(self, *messages):
        """What comes of requests that wait together."""
        limits = {"max_batch": len(messages), "max_batch_delay_ms": 9000}
        with plugin(ANSWERS) as running, StreamClient(running, limits=limits) as run:
            self.assertEqual(run.init.capabilities.max_batch, len(messages))
            self.assertTrue(run.init.capabilities.once)
            run.send(*messages)
            results = [run.all_results(message["id"])[0] for message in messages]
            return [result.payloads[0].data if result.payloads else (result.code, result.message) for result in results]

    def test_one_that_fails_fails_alone(self):
        messages = (once(1, b"a"), once(2, how="error"), once(3, how="code"), once(4, how="wrong"), once(5, b"e"))
        expected = [
            b"5 a",
            (30003, "KeyError: 'this one'"),
            (42, "forty-two"),
            (30003, "InvalidAnswer: wrapperBatchExec must return a Response, not str"),
            b"5 e",
        ]
        self.assertEqual(self.outcome(*messages), expected)

    def test_what_it_raises_fails_all(self):
        self.assertEqual(self.outcome(once(1), once(2, how="raise")), [(30003, "ValueError: no batch today")] * 2)

    def test_an_answer_for_each_request_is_demanded(self):
        few = "InvalidAnswer: wrapperBatchExec got 2 requests and returned 0 answers"
        self.assertEqual(self.outcome(once(1), once(2, how="few")), [(30003, few)] * 2)
        none = "InvalidAnswer: wrapperBatchExec must return a list, not NoneType"
        self.assertEqual(self.outcome(once(1), once(2, how="none")), [(30003, none)] * 2)

    def test_the_size_is_32_where_the_host_leaves_it_to_the_plugin(self):
        with plugin(ANSWERS) as running:
            self.assertEqual(Run(running).init.capabilities.max_batch, 32)

    def test_protocol_1_gives_batches_of_one(self):
        with plugin(ANSWERS, "1") as running:
            host = Host(running)
            host.init()
            host.once("t", b"x")
            self.assertEqual(host.result().list[0].data, b"1 x")


if __name__ == "__main__":
    unittest.main()
