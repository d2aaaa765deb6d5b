"""Wrappers that do what they should not: each fault is named, and the next request is served."""

import unittest

import grpc

from aiges.loader import describe_exception
from aiges.wire.messages import message
from tests.stream_client import StreamClient, open_session, texts, write
from tests.support import TIMEOUT_S, Run, once, plugin
from tests.test_protocol1 import Host

ONCE = """
import asyncio, builtins, os, sys, threading
class Untold(Exception):
    def __str__(self):
        raise ValueError
class Wrapper(Base):
    {kind} wrapperOnceExec(self, params, reqData):
        if "careless" in params:
            {careless}
        return answer(b"served")
    async def leave(self):
        sys.exit(1)
"""


def careless(code, kind="def"):
    return ONCE.format(careless=code, kind=kind)


class RequestTest(unittest.TestCase):
    def outcome(self, source):
        """The answer to the careless request, after a further one was served."""
        with plugin(source) as running:
            run = Run(running)
            self.assertEqual((run.init.code, run.init.message), (0, ""))
            first = run.once(1, careless="1")
            self.assertEqual(texts([run.once(2)]), ["served"])
            return first.message or texts([first])[0]

    def test_whatever_is_raised_fails_the_request_alone(self):
        for kind in ("def", "async def"):
            raises = careless("raise getattr(builtins, params['careless'])('no')", kind)
            with plugin(raises) as running:
                run = Run(running)
                for id, name in enumerate(("SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError"), 1):
                    with self.subTest(name, kind=kind):
                        failed = run.once(id, careless=name)
                        self.assertEqual((failed.code, failed.message), (30003, f"{name}: no"))
                self.assertEqual(texts([run.once(100)]), ["served"])

    def test_an_exception_without_a_text_is_named(self):
        self.assertEqual(self.outcome(careless("raise Untold")), "Untold: (its text cannot be had: ValueError)")

    def test_a_stderr_that_cannot_be_written_to_fails_nobody(self):
        for how in ("sys.stderr.close()", "sys.stderr = object()", "sys.stderr = None"):
            with self.subTest(how), plugin(careless(f"{how}; raise ValueError('no')")) as running:
                run = Run(running)
                self.assertEqual(run.once(1, careless="1").message, "ValueError: no")
                self.assertEqual(texts([run.once(2)]), ["served"])
                if "None" not in how:
                    self.assertIn("ERROR [sid=sid-1] ValueError: no", running.stderr())

    def test_a_coroutine_that_stops_the_event_loop_does_not_stop_the_others(self):
        for how in ("asyncio.get_running_loop().stop()", "await asyncio.wait([asyncio.create_task(self.leave())])"):
            with self.subTest(how):
                self.assertEqual(self.outcome(careless(how, "async def")), "served")

    def test_a_forked_process_that_comes_back_ends_and_answers_nothing(self):
        fork = "pid = os.fork(); return answer(b'child' if pid == 0 else b'%d' % os.waitpid(pid, 0)[1])"
        with plugin(careless(fork)) as running, StreamClient(running) as client:
            client.send(once(1, careless="1"))
            client.send(once(2))
            self.assertEqual(texts(client.all_results(2)), ["served"])
            exited_with_1 = str(1 << 8)
            self.assertEqual(texts(client.all_results(1)), [exited_with_1])
            self.assertIn("forked came back from its call; it ends", running.stderr())

    def test_what_the_response_holds_has_to_be_a_list(self):
        for nodes in ("'text'", "(node for node in response.list)"):
            how = f"response = answer(b''); response.list = {nodes}; return response"
            with self.subTest(nodes):
                self.assertRegex(
                    self.outcome(careless(how)), "InvalidAnswer: the list of a Response must be a list, not "
                )


class InitTest(unittest.TestCase):
    def failure(self, body):
        with plugin("import sys\nclass Wrapper(Base):\n" + body) as running:
            init = Run(running).init
            self.assertIn(init.code, (30001, 30002))
        return init.message

    def test_whatever_is_raised_around_wrapper_init_is_a_reply(self):
        init = "    def wrapperInit(self, config): return %s\n"
        cases = [
            (init % "sys.exit(1)", "wrapperInit raised SystemExit: 1"),
            (init % "5" + "    def wrapperError(self, ret): sys.exit(1)\n", "wrapperInit returned 5"),
            (init % "type('R', (), {'__ne__': lambda *_: sys.exit(2)})()", "wrapperInit raised SystemExit: 2"),
            (init % "0" + "    def schema(self): sys.exit(1)\n", "the schema cannot be made: SystemExit: 1"),
            (
                init % "0" + "    @property\n    def requestCls(self): sys.exit(1)\n",
                "the schema cannot be made: SystemExit: 1",
            ),
            ("    @property\n    def wrapperWrite(self): sys.exit(1)\n", "class Wrapper does not fit: SystemExit: 1"),
        ]
        for body, text in cases:
            with self.subTest(body):
                self.assertEqual(self.failure(body)[: len(text)], text)

    def test_in_protocol_1_too(self):
        exits = "import sys\nclass Wrapper(Base):\n    def schema(self): sys.exit(1)\n"
        with plugin(exits, "1") as running:
            host = Host(running)
            self.assertEqual(host.init(), 0)
            with self.assertRaises(grpc.RpcError) as caught:
                host.call("wrapperSchema", message("aiges.SvcId")(serviceId="x"), "Schema")
            self.assertIn("the schema cannot be made: SystemExit: 1", caught.exception.details())
        fails = exits + "    def wrapperInit(self, config): return 5\n    def wrapperError(self, ret): sys.exit(1)\n"
        with plugin(fails, "1") as running:
            self.assertEqual(Host(running).init(), 30002)

    def test_fields_that_cannot_be_read_are_named(self):
        source = """
        import sys
        class Wrapper(Base):
            def schema(self): return "{}"
            def wrapperOnceExec(self, params, reqData): return answer(b"")
            @property
            def responseCls(self): sys.exit("no fields")
        """
        with plugin(source) as running:
            init = Run(running).init
            self.assertEqual((init.code, init.message), (30001, "SystemExit: no fields"))

    def served(self, init):
        source = careless("print('x' * 100_000, flush=True)") + f"    def wrapperInit(self, config):\n        {init}\n"
        with plugin(source) as running:
            run = Run(running)
            self.assertEqual((run.init.code, run.init.message), (0, ""))
            self.assertEqual(texts([run.once(1, careless="1"), run.once(2)]), ["served"] * 2)

    def test_closed_standard_descriptors_are_not_given_to_sockets(self):
        self.served("os.close(0); os.close(1); os.close(2); return 0")


THREAD = """
from aiges.stream import StreamHandleThread
class Careless(StreamHandleThread):
    models = 0
    def init_model(self, handle):
        Careless.models += 1
        if Careless.models == 1:
            raise OSError("no model")
    def infer(self, req):
        node = req.list[0]
        if node.data == b"careless":
            raise ValueError("no")
        response = answer(node.data)
        response.list[0].status = DataEnd
        thread = self.session_thread
        thread.callback_fn(response, thread.sid)
        thread.reset()
class Wrapper(Base):
    def wrapperInit(self, config):
        self.session.init_handle_pool("thread", 1, Careless)
        return 0
    def wrapperCreate(self, params, sid):
        created = SessionCreateResponse()
        created.handle = self.session.get_idle_handle()
        session = self.session.get_session(created.handle)
        session.setup_callback_fn(callback)
        session.setup_sid(sid)
        session.setup_params(params)
        return created
    def wrapperWrite(self, handle, req, sid):
        self.session.get_session(handle).in_q.put(req)
        return 0
"""
"""A wrapper with one handle, whose thread fails before its first frame and then when a frame says so."""


class HandleThreadTest(unittest.TestCase):
    def test_a_session_whose_thread_fails_is_told_and_the_handle_serves_the_next_one(self):
        with plugin(THREAD) as running, StreamClient(running) as client:
            for id, data, told in (
                (1, b"never read", "OSError: no model"),
                (2, b"careless", "ValueError: no"),
                (3, b"careless", "ValueError: no"),
                (4, b"echo", ""),
            ):
                client.send(open_session(id), write(id, data))
                (result,) = client.all_results(id)
                self.assertEqual(result.message, told)
            self.assertEqual(texts([result]), ["echo"])
            self.assertIn("the thread of handle Process-0-Thread-0 failed", running.stderr())

    def test_in_protocol_1_too(self):
        with plugin(THREAD, "1") as running:
            host = Host(running)
            self.assertEqual(host.init(), 0)
            host.create("sid", "tag")
            result = host.result()
            self.assertEqual((result.tag, result.ret), ("tag", 30003))


class HandleTest(unittest.TestCase):
    def test_a_handle_that_is_no_text_fails_the_session(self):
        source = """
        class Wrapper(Base):
            def wrapperCreate(self, params, sid):
                created = SessionCreateResponse()
                created.handle = [sid]
                return created
            def wrapperWrite(self, handle, req, sid):
                return 0
        """
        with plugin(source) as running, StreamClient(running) as client:
            client.send(open_session(1))
            (result,) = client.all_results(1)
            self.assertIn("the handle of a session must be a text, not list", result.message)


class ProtocolOneTest(unittest.TestCase):
    def test_whatever_a_method_of_a_session_raises_is_a_reply(self):
        source = """
        import sys
        class Wrapper(Base):
            def wrapperCreate(self, params, sid):
                if sid == "exit": sys.exit(1)
                created = SessionCreateResponse()
                created.handle = sid
                return created
            def wrapperWrite(self, handle, req, sid): raise KeyboardInterrupt
            def wrapperDestroy(self, handle): raise GeneratorExit
        """
        with plugin(source, "1") as running:
            host = Host(running)
            self.assertEqual(host.init(), 0)
            self.assertEqual(host.create("exit", "tag").err_code, 30003)
            handle = host.create("sid", "tag").handle
            self.assertEqual(host.write(handle, "sid", b"frame", 0), 30003)
            self.assertEqual(host.call("wrapperDestroy", message("aiges.Handle")(handle=handle), "Ret").ret, 30003)


class EndTest(unittest.TestCase):
    def ends(self, body):
        with plugin(careless(body)) as running:
            run = Run(running)
            run.once(1, careless="1")
            running.process.terminate()
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)
            return running.stderr()

    STAYS = "threading.Thread(target=threading.Event().wait).start(); "

    def test_threads_that_stay_and_streams_that_are_gone_do_not_keep_the_process(self):
        for streams in ("sys.stdout = sys.stderr = None", "sys.stdout.close()", "os.close(1); os.close(2)"):
            with self.subTest(streams):
                self.ends(self.STAYS + streams)

    def test_it_ends_although_the_system_has_no_thread_left_for_wrapper_fini(self):
        no_threads = "threading.Thread.start = lambda self: (_ for _ in ()).throw(RuntimeError('no thread'))"
        self.assertIn("RuntimeError: no thread", self.ends(self.STAYS + no_threads))


class DescribeTest(unittest.TestCase):
    def test_a_text_that_raises_is_left_out(self):
        class Silent(Exception):
            def __str__(self):
                raise SystemExit

        self.assertEqual(describe_exception(Silent()), "Silent: (its text cannot be had: SystemExit)")


if __name__ == "__main__":
    unittest.main()
