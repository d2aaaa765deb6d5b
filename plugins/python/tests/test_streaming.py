"""Wrappers that yield: wrapperStream, once requests with several results, coroutines; and the context of such calls."""

import contextlib
import tempfile
import unittest

from tests.stream_client import StreamClient, close, flow, open_session, statuses, texts, write
from tests.stream_notes import NOTE, Notes
from tests.support import cancel, once, plugin
from tests.test_protocol1 import Host

STREAM = (
    NOTE
    + """
class Wrapper(Noting):
    def wrapperStream(self, params, frames):
        try:
            note("begin " + context.current().sid + " " + params.get("language", ""))
            for frame in frames:
                text = frame.get("img").data.decode()
                if text == "raise":
                    raise ValueError("bad frame")
                if text == "code":
                    yield Response().response_err(42)
                elif text == "end":
                    result = ResponseData("result", "the end", status=DataEnd)
                    yield result
                    note("after the end")
                elif text == "node":
                    yield ResponseData("result", "a node")
                elif text == "list":
                    yield [ResponseData("result", "one"), ResponseData("other", "two")]
                elif text == "object":
                    yield object()
                elif text != "quiet":
                    yield text.upper()
            yield "all heard"
        finally:
            note("closed, cancelled" if context.current().cancelled else "closed")
"""
)

ASYNC_STREAM = STREAM.replace("def wrapperStream", "async def wrapperStream").replace(
    "for frame in", "async for frame in"
)

ONCE = (
    NOTE
    + """
class Wrapper(Noting):
    def wrapperOnceExec(self, params, reqData):
        sid = context.current().sid
        try:
            for n in range(int(params["count"])):
                note(f"yield {n}")
                yield f"{sid} {n}"
            if params.get("how") == "raise":
                raise ValueError("bad request")
            if params.get("how") == "end":
                response = answer("end")
                response.list[0].status = DataEnd
                yield response
        finally:
            note("closed, cancelled" if context.current().cancelled else "closed")
"""
)

ASYNC_ONCE = ONCE.replace("def wrapperOnceExec", "async def wrapperOnceExec")

COROUTINE = (
    NOTE
    + """
import asyncio
class Wrapper(Noting):
    async def wrapperOnceExec(self, params, reqData):
        await asyncio.sleep(0)
        note("begin")
        if params.get("how") == "wait":
            try:
                await asyncio.Event().wait()
            finally:
                note("cancelled" if context.current().cancelled else "not cancelled")
        if params.get("how") == "raise":
            raise ValueError("bad request")
        return answer(context.current().sid)
"""
)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notes = Notes(folder.name)
        self.addCleanup(self.notes.close)

    @contextlib.contextmanager
    def client(self, source, **arguments):
        with plugin(source) as running, StreamClient(running, notes=self.notes.path, **arguments) as client:
            yield client

    def each(self, **sources):
        """A client for each of the sources, as a subtest."""
        for title, source in sources.items():
            with self.subTest(title), self.client(source) as client:
                yield client


class WrapperStreamTest(Case):
    def clients(self):
        return self.each(plain=STREAM, asynchronous=ASYNC_STREAM)

    def test_each_result_leaves_when_it_is_yielded_and_the_session_ends_with_the_generator(self):
        for client in self.clients():
            capabilities = client.init.capabilities
            self.assertEqual((capabilities.sessions, capabilities.streaming_output), (True, False))
            client.send(open_session(1, language="zh"))
            self.assertEqual(self.notes.next(), "begin sid-1 zh")
            for count, data in enumerate((b"a", b"b", b"quiet", b"c"), 1):
                client.send(write(1, data))
                if data == b"b":
                    self.assertEqual(texts(client.results(1, count)), ["A", "B"])
            self.assertEqual(texts(client.results(1, 3)), ["A", "B", "C"])
            client.send(write(1, b"d", 2))
            results = client.all_results(1)
            self.assertEqual(texts(results), ["A", "B", "C", "D", "all heard"])
            self.assertEqual(statuses(results), [0, 1, 1, 1, 1])
            self.assertEqual([r.last for r in results], [False] * 5 + [True])
            self.assertEqual((results[-1].code, len(results[-1].payloads)), (0, 0))
            self.assertEqual(self.notes.rest(), ["closed"])

    def test_a_result_with_status_end_is_the_last(self):
        for client in self.clients():
            client.send(open_session(1), write(1, b"a", 0), write(1, b"end"), write(1, b"more"))
            results = client.all_results(1)
            # The generator goes on to its end, but gets no frame, and what it still yields is dropped.
            self.assertEqual(texts(results), ["A", "the end"])
            self.assertEqual(statuses(results), [0, 2])
            self.assertEqual([r.last for r in results], [False, True])
            self.assertEqual(self.notes.rest(), ["begin sid-1 ", "after the end", "closed"])

    def test_every_form_of_result_is_sent(self):
        for client in self.clients():
            client.send(open_session(1), write(1, b"node", 0), write(1, b"list"), write(1, b"text"))
            results = client.results(1, 3)
            self.assertEqual(texts(results), ["a node", "one", "two", "TEXT"])
            self.assertEqual([p.key for r in results for p in r.payloads], ["result", "result", "other", "result"])

    def test_failures_end_the_session_with_code_and_text(self):
        for client in self.clients():
            failures = {b"raise": (30003, "ValueError: bad frame"), b"code": (42, "text of 42"), b"object": (30003, "")}
            for id, (data, (code, text)) in enumerate(failures.items(), 1):
                client.send(open_session(id), write(id, b"a", 0), write(id, data), write(id, b"never"))
                results = client.all_results(id)
                self.assertEqual(texts(results), ["A"])
                self.assertEqual(results[-1].code, code)
                self.assertIn(text or "wrapperStream must return a Response, not object", results[-1].message)
                self.assertEqual(self.notes.rest(), [f"begin sid-{id} ", "closed"])

    def test_a_method_that_does_not_yield_is_told_so(self):
        source = NOTE + "class Wrapper(Noting):\n    def wrapperStream(self, params, frames): pass\n"
        with self.client(source) as client:
            client.send(open_session(1))
            (failed,) = client.all_results(1)
            self.assertEqual(failed.code, 30003)
            self.assertIn("wrapperStream must yield its results; it returned NoneType", failed.message)

    def test_a_session_that_is_given_up_closes_its_generator_before_the_last_result(self):
        for client in self.clients():
            for id, end in enumerate((cancel, close), 1):
                client.send(open_session(id), write(id, b"a", 0))
                client.results(id, 1)
                client.send(end(id))
                self.assertTrue(client.all_results(id)[-1].last)
                self.assertEqual(self.notes.rest(), [f"begin sid-{id} ", "closed, cancelled"])

    def test_a_paused_session_sends_nothing_until_it_is_resumed_or_cancelled(self):
        for client in self.clients():
            client.send(open_session(1), open_session(2), flow(1, True), write(1, b"a", 0), write(2, b"b", 2))
            self.assertEqual(texts(client.all_results(2)), ["B", "all heard"])
            self.assertEqual(client.seen(1), [])
            client.send(flow(1, False))
            self.assertEqual(texts(client.results(1, 1)), ["A"])
            client.send(flow(1, True), write(1, b"held"), cancel(1))
            self.assertEqual(texts(client.all_results(1)), ["A"])

    def test_sessions_run_side_by_side_and_beside_once_requests(self):
        for client in self.clients():
            ids = range(1, 41)
            client.send(*(open_session(id) for id in ids))
            for data in (b"a", b"b"):
                client.send(*(write(id, data) for id in ids))
            client.send(once(99))
            self.assertEqual(texts(client.all_results(99)), ["once"])
            for id in ids:
                self.assertEqual(texts(client.results(id, 2)), ["A", "B"])
            client.send(*(write(id, b"c", 2) for id in ids))
            for id in ids:
                self.assertEqual(texts(client.all_results(id)), ["A", "B", "C", "all heard"])

    def test_a_shutdown_closes_generators(self):
        for client in self.clients():
            client.send(open_session(1), write(1, b"a", 0))
            client.results(1, 1)
            client.shutdown(grace_ms=0)
            self.assertEqual(self.notes.rest(), ["begin sid-1 ", "closed, cancelled"])


class OnceTest(Case):
    def clients(self):
        return self.each(plain=ONCE, asynchronous=ASYNC_ONCE)

    def test_a_once_request_has_as_many_results_as_are_yielded(self):
        for client in self.clients():
            capabilities = client.init.capabilities
            self.assertEqual(
                (capabilities.sessions, capabilities.streaming_output, capabilities.once), (False, True, True)
            )
            client.send(once(1, count="3"))
            results = client.all_results(1)
            self.assertEqual(texts(results), ["sid-1 0", "sid-1 1", "sid-1 2"])
            self.assertEqual(statuses(results), [0, 1, 1])
            self.assertEqual([r.last for r in results], [False, False, False, True])
            client.send(once(2, count="1", how="end"))
            results = client.all_results(2)
            self.assertEqual((texts(results), statuses(results)), (["sid-2 0", "end"], [0, 2]))
            self.assertEqual([r.last for r in results], [False, True])

    def test_thousands_of_results_arrive_in_order(self):
        with self.client(ONCE.replace('note(f"yield {n}")', "pass"), concurrency=2) as client:
            client.send(once(1, count="5000"), once(2, count="5000"))
            for id in (1, 2):
                self.assertEqual(texts(client.all_results(id)), [f"sid-{id} {n}" for n in range(5000)])

    def test_what_it_raises_comes_after_the_results(self):
        for client in self.clients():
            client.send(once(1, count="1", how="raise"))
            results = client.all_results(1)
            self.assertEqual(texts(results), ["sid-1 0"])
            self.assertEqual((results[-1].code, results[-1].message), (30003, "ValueError: bad request"))

    def test_a_paused_request_does_not_go_on(self):
        for client in self.clients():
            client.send(once(1, count="3"), flow(1, True))
            self.assertEqual(self.notes.next(), "yield 0")
            client.send(once(2, count="1"), cancel(2))
            client.all_results(2)
            self.assertEqual((client.seen(1), self.notes.rest()), ([], []))
            client.send(flow(1, False))
            self.assertEqual(texts(client.all_results(1)), ["sid-1 0", "sid-1 1", "sid-1 2"])
            self.assertEqual(self.notes.rest(), ["yield 1", "yield 2", "closed"])

    def test_a_cancelled_request_is_closed_where_it_yields(self):
        for client in self.clients():
            client.send(once(1, count="1000000"))
            client.results(1, 10)
            client.send(cancel(1))
            while (line := self.notes.next()).startswith("yield"):
                pass
            self.assertEqual(line, "closed, cancelled")
            self.assertTrue(client.all_results(1)[-1].last)

    def test_a_coroutine_answers_and_is_cancelled(self):
        with self.client(COROUTINE) as client:
            self.assertFalse(client.init.capabilities.streaming_output)
            client.send(once(1))
            (result,) = client.all_results(1)
            self.assertEqual((texts([result]), result.last), (["sid-1"], True))
            client.send(once(2, how="raise"))
            self.assertEqual(client.all_results(2)[0].message, "ValueError: bad request")
            self.notes.rest()
            client.send(once(3, how="wait"))
            self.assertEqual(self.notes.next(), "begin")
            client.send(cancel(3))
            self.assertTrue(client.all_results(3)[-1].last)
            self.assertEqual(self.notes.rest(), ["cancelled"])


class Protocol1Test(Case):
    def host(self, running):
        host = Host(running)
        self.assertEqual(host.init(notes=self.notes.path), 0)
        return host

    def test_a_session_is_served_by_wrapper_stream(self):
        for title, source in {"plain": STREAM, "asynchronous": ASYNC_STREAM}.items():
            with self.subTest(title), plugin(source, "1") as running:
                host = self.host(running)
                created = host.create("sid-1", "tag-1")
                self.assertEqual(created.err_code, 0)
                for status, data in enumerate((b"a", b"b", b"c")):
                    self.assertEqual(host.write(created.handle, "sid-1", data, status), 0)
                results = [host.result() for _ in range(5)]
                self.assertEqual([r.tag for r in results], ["tag-1"] * 5)
                self.assertEqual([r.list[0].data for r in results], [b"A", b"B", b"C", b"all heard", b""])
                self.assertEqual([r.list[0].status for r in results], [0, 1, 1, 1, 2])
                self.assertEqual(self.notes.rest(), ["begin sid-1 ", "closed"])
                self.assertEqual(host.write(created.handle, "sid-1", b"late", 1), 0)

    def test_destroy_closes_the_generator(self):
        with plugin(STREAM, "1") as running:
            host = self.host(running)
            created = host.create("sid-1", "tag-1")
            host.write(created.handle, "sid-1", b"a", 0)
            self.assertEqual(host.result().list[0].data, b"A")
            self.assertEqual(self.notes.next(), "begin sid-1 ")
            host.call("wrapperDestroy", type(created)(handle=created.handle), "Ret")
            self.assertEqual(self.notes.next(), "closed, cancelled")

    def test_a_once_request_pushes_its_results_in_order(self):
        for title, source in {"plain": ONCE, "asynchronous": ASYNC_ONCE}.items():
            with self.subTest(title), plugin(source, "1") as running:
                host = self.host(running)
                self.assertEqual(host.once("t", count="2"), 0)
                results = [host.result() for _ in range(3)]
                self.assertEqual([r.list[0].data for r in results], [b"t 0", b"t 1", b""])
                self.assertEqual([r.list[0].status for r in results], [0, 1, 2])
                self.assertEqual([r.list[0].key for r in results], ["result"] * 3)
                self.assertEqual(host.once("u", count="0", how="raise"), 30003)
                self.assertEqual(host.result().ret, 30003)

    def test_a_coroutine_answers(self):
        with plugin(COROUTINE, "1") as running:
            host = self.host(running)
            host.once("t")
            self.assertEqual(host.result().list[0].data, b"t")


if __name__ == "__main__":
    unittest.main()
