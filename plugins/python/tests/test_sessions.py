"""Sessions of the classic kind over protocol 2: wrapperCreate, wrapperWrite, callback, wrapperDestroy."""

import contextlib
import signal
import tempfile
import threading
import unittest
from unittest import mock

from aiges.plugin import call as call_module
from aiges.plugin import threads
from aiges.plugin.call import Call, NotResumed
from tests.stream_client import StreamClient, close, flow, open_session, statuses, texts, write
from tests.stream_notes import NOTE, Notes
from tests.support import TIMEOUT_S, cancel, once, plugin

POOL = (
    NOTE
    + """
class Upper(StreamHandleThread):
    def run(self):
        while True:
            req = self.in_q.get()
            node = req.list[0]
            response = answer(node.data.upper())
            response.list[0].status = node.status
            note("context " + context.current().sid)
            self.session_thread.callback_fn(response, self.session_thread.sid)
            if node.status == DataEnd:
                self.session_thread.reset()
class Wrapper(Noting):
    def wrapperInit(self, config):
        self.session.init_wrapper_config(config)
        self.session.init_handle_pool("thread", 1, Upper)
        return super().wrapperInit(config)
    def wrapperCreate(self, params, sid):
        created = SessionCreateResponse()
        handle = self.session.get_idle_handle()
        if not handle:
            created.error_code = 77
            return created
        session = self.session.get_session(handle=handle)
        session.setup_sid(sid)
        session.setup_params(params)
        session.setup_callback_fn(callback)
        created.handle = handle
        return created
    def wrapperWrite(self, handle, req, sid):
        self.session.get_session(handle).in_q.put(req)
        return 0
    def wrapperDestroy(self, handle):
        note("destroyed")
        self.session.push_back(handle)
        return 0
"""
)
"""A wrapper as they were written for the first SDKs: one handle, its thread, results by callback_fn."""

DIRECT = (
    NOTE
    + """
from aiges.errors import InvalidInput
class Wrapper(Noting):
    def wrapperCreate(self, params, sid, persId, userTag):
        created = SessionCreateResponse()
        created.handle = "handle of " + sid
        created.error_code = int(params.get("create", "0"))
        if params.get("create") == "13":
            raise RuntimeError("no session for you")
        return created
    def wrapperWrite(self, handle, req, sid):
        node = req.list[0]
        how = node.data.decode()
        assert handle == "handle of " + sid == "handle of " + context.current().sid
        note("write " + how)
        if how == "raise":
            raise ValueError("bad frame")
        if how == "refuse":
            raise InvalidInput("no such word")
        if how == "fail with it":
            callback(InvalidInput("no such word"), sid)
            return 0
        if how.isdigit():
            return int(how)
        if how == "wait":
            while not context.current().cancelled:
                threading.Event().wait(0.001)
            note("saw the cancel")
            return 0
        response = answer(how)
        response.list[0].status = node.status
        if how == "error":
            response.response_err(42)
        if how == "nothing":
            response = None
        if how == "used":
            response.usage = Usage(5, 2)
        if how == "with handle":
            callback(response, handle, sid)
        elif how == "wrong sid":
            callback(response, handle, "another")
        else:
            callback(response, sid)
        note("wrote " + how)
        return 0
    def wrapperDestroy(self, handle):
        note("destroy " + handle)
        return 0
    def wrapperFini(self):
        note("fini")
        return 0
"""
)
"""A wrapper that does with each frame what the frame says."""


class SessionTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notes = Notes(folder.name)
        self.addCleanup(self.notes.close)

    @contextlib.contextmanager
    def client(self, source=DIRECT, **arguments):
        with plugin(source) as running, StreamClient(running, notes=self.notes.path, **arguments) as client:
            yield client

    def test_a_wrapper_with_a_pool_of_threads_runs_unchanged(self):
        with self.client(POOL) as client:
            self.assertTrue(client.init.capabilities.sessions)
            self.assertFalse(client.init.capabilities.streaming_output)
            for id in (1, 2):
                client.send(open_session(id), write(id, b"a", 0), write(id, b"b", 1), write(id, b"c", 2))
                results = client.all_results(id)
                self.assertEqual(texts(results), ["A", "B", "C"])
                self.assertEqual(statuses(results), [0, 1, 2])
                self.assertEqual([r.last for r in results], [False, False, True])
                self.assertEqual(self.notes.rest(), [f"context sid-{id}"] * 3 + ["destroyed"])

    def test_a_refused_session_has_the_wrappers_code_and_text_and_is_not_destroyed(self):
        with self.client(POOL) as client:
            client.send(open_session(1), write(1, b"a", 0))
            client.results(1, 1)
            client.send(open_session(2), write(2, b"a", 0))
            (refused,) = client.all_results(2)
            self.assertEqual((refused.code, refused.message), (77, "text of 77"))
            self.assertEqual(self.notes.rest(), ["context sid-1"])

    def test_an_exception_in_create_ends_the_session(self):
        with self.client() as client:
            client.send(open_session(1, create="13"), write(1, b"x"))
            (failed,) = client.all_results(1)
            self.assertEqual(failed.code, 30003)
            self.assertIn("RuntimeError: no session for you", failed.message)
            self.assertEqual(self.notes.rest(), [])

    def test_invalid_input_is_the_fault_of_the_sessions_client(self):
        with self.client() as client:
            client.send(open_session(1), open_session(2), open_session(3))
            client.send(write(1, b"refuse"), write(2, b"fail with it"), write(3, b"raise"))
            results = [client.all_results(id)[-1] for id in (1, 2, 3)]
        self.assertEqual([result.invalid_input for result in results], [True, True, False])
        for result in results[:2]:
            self.assertTrue(result.message.endswith("no such word"))

    def test_both_forms_of_callback_reach_their_session(self):
        with self.client() as client:
            client.send(open_session(1), open_session(2), write(1, b"with handle"), write(2, b"sid only"))
            self.assertEqual(texts(client.results(1, 1)), ["with handle"])
            self.assertEqual(texts(client.results(2, 1)), ["sid only"])

    def test_a_callback_tells_what_was_used(self):
        with self.client() as client:
            client.send(open_session(1), write(1, b"plain"), write(1, b"used"))
            plain, used = client.results(1, 2)
            self.assertFalse(plain.HasField("usage"))
            self.assertEqual((used.usage.input, used.usage.output), (5, 2))

    def test_a_result_for_an_earlier_session_of_the_handle_is_dropped(self):
        with self.client() as client:
            client.send(open_session(1), write(1, b"wrong sid"), write(1, b"right"))
            self.assertEqual(texts(client.results(1, 1)), ["right"])

    def test_destroy_is_called_once_before_the_last_result_whatever_the_end(self):
        ends = {
            "last result": (write(1, b"end", 2), 0, ["write end", "wrote end"]),
            "once result": (write(1, b"end", 3), 0, ["write end", "wrote end"]),
            "close": (close(1), 30003, []),
            "cancel": (cancel(1), 30003, []),
            "write returns a code": (write(1, b"19"), 19, ["write 19"]),
            "write raises": (write(1, b"raise"), 30003, ["write raise"]),
            "error result": (write(1, b"error"), 42, ["write error", "wrote error"]),
            "no result": (write(1, b"nothing"), 30003, ["write nothing", "wrote nothing"]),
        }
        with self.client() as client:
            for number, (title, (message, code, notes)) in enumerate(ends.items(), 1):
                with self.subTest(title):
                    client.send(open_session(number), write(number, b"first", 0))
                    client.results(number, 1)
                    client.send({**message, "id": number})
                    last = client.all_results(number)[-1]
                    self.assertEqual(last.code, code)
                    if code in (19, 42):
                        self.assertEqual(last.message, f"text of {code}")
                    destroyed = f"destroy handle of sid-{number}"
                    self.assertEqual(self.notes.rest(), ["write first", "wrote first", *notes, destroyed])
                    # What comes late changes nothing.
                    client.send(write(number, b"late"), close(number), cancel(number))
            client.send(once(99))
            client.all_results(99)
            self.assertEqual(self.notes.rest(), [])

    def test_a_host_that_is_gone_and_a_shutdown_destroy_sessions_before_fini(self):
        with self.client() as client:
            client.send(open_session(1), write(1, b"a", 0))
            client.results(1, 1)
            client.shutdown(grace_ms=0)
            self.assertEqual(client.all_results(1)[-1].code, 30003)
            self.assertEqual(self.notes.rest()[2:], ["destroy handle of sid-1", "fini"])
        with self.client() as client:
            client.send(open_session(1), write(1, b"a", 0))
            client.results(1, 1)
            client.close()
            self.assertEqual([self.notes.next() for _ in range(3)][2], "destroy handle of sid-1")

    def test_sigterm_lets_a_session_finish(self):
        with self.client() as client:
            client.send(open_session(1), write(1, b"a", 0))
            client.results(1, 1)
            client.plugin.process.send_signal(signal.SIGTERM)
            client.send(write(1, b"b", 2))
            self.assertEqual(texts(client.all_results(1)), ["a", "b"])
            self.assertEqual(client.plugin.process.wait(TIMEOUT_S), 0)

    def test_a_write_that_blocks_holds_up_nothing_but_its_session_and_learns_of_a_cancel(self):
        with self.client() as client:
            client.send(open_session(1), write(1, b"wait"), write(1, b"never written"))
            self.assertEqual(self.notes.next(), "write wait")
            client.send(open_session(2), write(2, b"other", 2), once(3))
            self.assertEqual(texts(client.all_results(2)), ["other"])
            self.assertEqual(texts(client.all_results(3)), ["once"])
            self.assertEqual(client.seen(1), [])
            self.notes.rest()
            client.send(cancel(1))
            client.all_results(1)
            self.assertEqual(self.notes.rest(), ["saw the cancel", "destroy handle of sid-1"])

    def test_frames_are_written_in_order_one_at_a_time(self):
        with self.client() as client:
            client.send(open_session(1), *(write(1, f"frame {n}".encode()) for n in range(200)), write(1, b"end", 2))
            expected = [*(f"frame {n}" for n in range(200)), "end"]
            self.assertEqual(texts(client.all_results(1)), expected)
            notes = self.notes.rest()
            self.assertEqual(notes[0:402], [f"{what} {name}" for name in expected for what in ("write", "wrote")])

    def test_a_callback_waits_while_its_client_does_not_read_and_others_go_on(self):
        with self.client() as client:
            client.send(open_session(1), flow(1, True), write(1, b"held"))
            self.assertEqual(self.notes.next(), "write held")
            client.send(open_session(2), write(2, b"other", 2))
            client.all_results(2)
            self.assertEqual(client.seen(1), [])
            self.assertNotIn("wrote held", self.notes.rest())
            client.send(flow(1, False))
            self.assertEqual(texts(client.results(1, 1)), ["held"])
            self.assertEqual(self.notes.next(), "wrote held")

    def test_a_cancel_frees_a_callback_that_waits(self):
        with self.client() as client:
            client.send(open_session(1), flow(1, True), write(1, b"held"))
            self.assertEqual(self.notes.next(), "write held")
            client.send(cancel(1))
            (last,) = client.all_results(1)
            self.assertEqual((texts([last]), last.last), ([], True))
            self.assertEqual(self.notes.rest(), ["wrote held", "destroy handle of sid-1"])

    def test_two_sessions_with_the_same_sid_end_each_for_itself(self):
        with self.client() as client:
            client.send(open_session(1, "same"), open_session(2, "same"), close(1))
            client.all_results(1)
            client.send(write(2, b"still here", 2))
            self.assertEqual(texts(client.all_results(2)), ["still here"])

    def test_hundreds_of_dropped_sessions_are_all_destroyed(self):
        with self.client() as client:
            for id in range(1, 501):
                client.send(open_session(id), write(id, b"a", 0), cancel(id))
            for id in range(1, 501):
                client.all_results(id)
            notes = self.notes.rest()
            # One that was cancelled before it was begun was neither created nor destroyed.
            destroyed = [line for line in notes if line.startswith("destroy")]
            self.assertEqual(len(destroyed), len(set(destroyed)))
            written = {f"destroy handle of sid-{id}" for id in range(1, 501) if client.seen(id)[0].payloads}
            self.assertLessEqual(written, set(destroyed))

    def test_a_wrapper_without_sessions_says_so(self):
        with plugin(NOTE + "class Wrapper(Noting): pass\n") as running, StreamClient(running) as client:
            self.assertFalse(client.init.capabilities.sessions)
            client.send(open_session(1))
            (refused,) = client.all_results(1)
            self.assertEqual(refused.code, 30003)
            self.assertIn("no sessions", refused.message)


class CallTest(unittest.TestCase):
    def test_waiting_for_a_client_ends_after_a_while(self):
        call = Call("sid")
        call.set_paused(True)
        with mock.patch.object(call_module, "RESUME_TIMEOUT_S", 0.01), self.assertRaises(NotResumed):
            call.wait_while_paused()

    def test_a_cancelled_call_cannot_be_paused(self):
        call = Call("sid")
        call.cancel()
        call.set_paused(True)
        call.wait_while_paused()


class ThreadPoolTest(unittest.TestCase):
    def test_tasks_that_block_hold_up_no_other_and_idle_threads_end(self):
        with mock.patch.object(threads, "IDLE_S", 0.01):
            pool = threads.ThreadPool("pool-under-test")
            together = threading.Barrier(20)
            for _ in range(19):
                pool.run(together.wait)
            together.wait(TIMEOUT_S)
            for thread in threading.enumerate():
                if thread.name == "pool-under-test":
                    thread.join(TIMEOUT_S)
                    self.assertFalse(thread.is_alive())
            done = threading.Event()
            pool.run(done.set)
            self.assertTrue(done.wait(TIMEOUT_S))

    def test_an_idle_thread_is_used_again(self):
        pool = threads.ThreadPool("pool-under-test")
        used = set()
        for _ in range(50):
            done = threading.Event()
            pool.run(lambda done=done: (used.add(threading.get_ident()), done.set()))
            self.assertTrue(done.wait(TIMEOUT_S))
        self.assertLess(len(used), 50)


if __name__ == "__main__":
    unittest.main()
