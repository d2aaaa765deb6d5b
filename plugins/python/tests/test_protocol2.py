"""Plugin protocol 2 over a real socket."""

import json
import os
import pathlib
import signal
import tempfile
import unittest

import grpc

from tests.support import ECHO, TIMEOUT_S, Run, cancel, once, plugin

GATED = """
import os, threading
from aiges.context import current
class Wrapper(Base):
    def wrapperOnceExec(self, params, reqData):
        with open(params["enter"], "w") as fifo:
            fifo.write(params["sid"])
        with open(params["leave"]) as fifo:
            fifo.read()
        return answer("cancelled" if current().cancelled else "finished")
"""
"""Says on a FIFO that it has begun, and ends when another FIFO says so."""


class Gate:
    """The two FIFOs of a GATED wrapper."""

    def __init__(self, folder):
        self.enter = os.path.join(folder, "enter")
        self.leave = os.path.join(folder, "leave")
        os.mkfifo(self.enter)
        os.mkfifo(self.leave)
        self.params = {"enter": self.enter, "leave": self.leave}

    def wait_entered(self):
        with open(self.enter) as fifo:
            return fifo.read()

    def let_leave(self):
        with open(self.leave, "w") as fifo:
            fifo.write("x")


class Protocol2Test(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_answers_a_request(self):
        with plugin(ECHO) as running:
            run = Run(running)
            self.assertEqual(running.line, f"1|2|unix|{running.address}|grpc")
            result = run.once(1, b"\x00\xff picture")
            self.assertEqual((result.code, result.last), (0, True))
            payload = result.payloads[0]
            self.assertEqual((payload.key, payload.type, payload.status), ("result", 0, 3))
            self.assertEqual(payload.data, b"\x00\xff picture")

    def test_init_tells_version_schema_and_what_it_can_do(self):
        with plugin(ECHO) as running:
            init = Run(running, concurrency=3).init
            self.assertEqual((init.code, init.message, init.version), (0, "", "v3"))
            self.assertEqual(json.loads(init.schema)["meta"]["serviceId"], "svc")
            self.assertEqual((init.capabilities.once, init.capabilities.sessions), (True, False))
            self.assertEqual(init.capabilities.concurrency, 3)
            self.assertRegex(init.sdk, r"^aiges-sdk \d")

    def test_answers_every_request_of_large_batches_once(self):
        for concurrency in (1, 4):
            with self.subTest(concurrency=concurrency), plugin(ECHO) as running:
                run = Run(running, concurrency)
                ids = range(1, 2001)
                for first in range(1, 2001, 500):
                    run.send(*(once(id, b"%d" % id) for id in range(first, first + 500)))
                for id in ids:
                    self.assertEqual(run.result(id).payloads[0].data, b"%d" % id)
                self.assertEqual(sorted(id for kind, id in run.events if kind == "result"), list(ids))
                started = [id for kind, id in run.events if kind == "started"]
                self.assertEqual(len(started), len(set(started)))

    def test_announces_requests_that_are_taken_together_before_their_results(self):
        with plugin(ECHO) as running:
            run = Run(running)
            run.once(1000)  # So that the average is known and a chunk may be larger than one.
            run.send(*(once(id) for id in range(1, 301)))
            for id in range(1, 301):
                run.result(id)
            started = [id for kind, id in run.events if kind == "started"]
            self.assertGreater(len(started), 200)
            for id in started:
                self.assertLess(run.events.index(("started", id)), run.events.index(("result", id)))

    def test_never_begins_what_was_not_announced_unless_it_is_the_oldest(self):
        source = """
        import os
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                if params["sid"] == "sid-2":
                    os._exit(3)
                return answer(b"ok")
        """
        with plugin(source) as running:
            run = Run(running)
            run.once(9)  # So that the average is known and a chunk may be larger than one.
            run.send(once(1), once(2), once(3))
            with self.assertRaises(ConnectionError):
                run.result(3)
            # With one call at a time the host counts the oldest unfinished request as begun.
            unfinished = [id for id in (1, 2, 3) if ("result", id) not in run.events]
            begun = {id for kind, id in run.events if kind == "started"} | {unfinished[0]}
            self.assertIn(2, begun)

    def test_carries_large_payloads(self):
        with plugin(ECHO) as running:
            data = os.urandom(20 << 20)
            self.assertEqual(Run(running).once(1, data).payloads[0].data, data)

    def test_an_exception_becomes_30003_with_its_text_and_the_traceback_in_the_log(self):
        source = """
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                if params["how"] == "exit":
                    raise SystemExit(7)
                raise ValueError("bad 识别")
        """
        with plugin(source) as running:
            run = Run(running)
            result = run.once(1, how="raise")
            self.assertEqual((result.code, result.message, result.last), (30003, "ValueError: bad 识别", True))
            self.assertEqual(run.once(2, how="exit").message, "SystemExit: 7")
            log = running.stderr()
            self.assertIn("ERROR [sid=sid-1] Traceback (most recent call last):", log)
            self.assertIn("sid-1", log)

    def test_an_error_code_comes_with_the_text_of_wrapper_error(self):
        source = """
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                return Response().response_err(int(params["code"]))
            def wrapperError(self, ret):
                if ret == 102:
                    raise RuntimeError("in wrapperError")
                return {100: "no picture"}.get(ret)
        """
        with plugin(source) as running:
            run = Run(running)
            answers = [run.once(id, code=str(code)) for id, code in enumerate((100, 101, 102, -5), 1)]
            self.assertEqual([a.code for a in answers], [100, 101, 102, -5])
            self.assertEqual([a.message for a in answers], ["no picture", "", "", ""])
            self.assertEqual(run.once(9, code=str(1 << 40)).code, 30003)

    def test_an_answer_that_is_none_is_an_error_that_says_so(self):
        cases = {
            "None": "returned nothing",
            "'text'": "not str",
            "Response()": "no key",
            "answer({})": "not dict",
            "answer(None)": "not NoneType",
            "Empty()": "empty list",
            "Typed()": "type 9",
        }
        source = """
        def Empty():
            response = Response(); response.list = []; return response
        def Typed():
            response = answer(b""); response.list[0].type = 9; return response
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                return eval(params["expression"])
        """
        with plugin(source) as running:
            run = Run(running)
            for id, (expression, text) in enumerate(cases.items(), 1):
                with self.subTest(expression):
                    result = run.once(id, expression=expression)
                    self.assertEqual(result.code, 30003)
                    self.assertIn(text, result.message)

    def test_attributes_and_parameters_arrive_and_leave(self):
        source = """
        import json
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                node = reqData.list[0]
                response = answer(json.dumps([params, node.key, node.type, node.status, node.len, node.desc]))
                response.list[0].desc = {"encoding": "utf8", "n": 1}
                return response
        """
        with plugin(source) as running:
            payload = Run(running).once(1, b"12345", a="b").payloads[0]
            expected = [{"sid": "sid-1", "a": "b"}, "img", 2, 3, 5, {"encoding": "jpg"}]
            self.assertEqual(json.loads(payload.data), expected)
            self.assertEqual(dict(payload.attributes), {"encoding": "utf8", "n": "1"})

    def test_a_cancelled_request_that_waits_is_never_begun(self):
        gate = Gate(self.folder)
        with plugin(GATED) as running:
            run = Run(running)
            run.send(once(1, **gate.params))
            self.assertEqual(gate.wait_entered(), "sid-1")
            run.send(once(2, **gate.params), once(3, **gate.params), cancel(2))
            self.assertEqual((run.result(2).last, run.result(2).code), (True, 30003))
            gate.let_leave()
            self.assertEqual(run.result(1).payloads[0].data, b"finished")
            self.assertEqual(gate.wait_entered(), "sid-3")
            gate.let_leave()
            run.result(3)
            self.assertNotIn(("started", 2), run.events)

    def test_a_running_request_learns_that_it_is_cancelled_and_still_answers(self):
        gate = Gate(self.folder)
        with plugin(GATED) as running:
            run = Run(running)
            run.send(once(1, **gate.params))
            gate.wait_entered()
            run.send(cancel(1), once(2, **gate.params), cancel(2))
            run.result(2)  # So the cancel of 1 has been read.
            gate.let_leave()
            self.assertEqual(run.result(1).payloads[0].data, b"cancelled")
            self.assertTrue(run.result(1).last)

    def test_runs_as_many_calls_at_once_as_asked(self):
        source = """
        import threading
        meeting = threading.Barrier(3)
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                meeting.wait(15)
                return answer(b"met")
        """
        with plugin(source) as running:
            run = Run(running, concurrency=3)
            run.send(once(1), once(2), once(3))
            self.assertEqual([run.result(id).code for id in (1, 2, 3)], [0, 0, 0])

    def test_idle_workers_take_over_what_waits_behind_a_slow_call(self):
        source = """
        import threading
        slow = threading.Event()
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                if params.get("slow"):
                    slow.wait(15)
                elif params.get("last"):
                    slow.set()
                return answer(b"ok")
        """
        with plugin(source) as running:
            run = Run(running, concurrency=2)
            for id in range(1, 50):
                run.once(id)  # Fast calls, so that a chunk is long.
            rest = [once(id) for id in range(101, 120)]
            run.send(once(100, slow="1"), *rest, once(120, last="1"))
            self.assertEqual(run.result(100).code, 0)

    def test_shutdown_lets_running_calls_finish_then_calls_fini_and_exits(self):
        gate = Gate(self.folder)
        fini = os.path.join(self.folder, "fini")
        source = GATED + (
            "    def wrapperFini(self):\n"
            f"        open({fini!r}, 'a').write('fini')\n"
            "        threading.Thread(target=threading.Event().wait).start()\n"
        )
        with plugin(source) as running:
            run = Run(running)
            run.send(once(1, **gate.params))
            gate.wait_entered()
            request = running.channel.unary_unary("/aiges.plugin.v2.WrapperPlugin/Shutdown")
            reply = request.future(b"\x08\xb0\xea\x01")  # grace_ms = 30000
            gate.let_leave()
            self.assertEqual(run.result(1).payloads[0].data, b"finished")
            reply.result(TIMEOUT_S)
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)
            self.assertEqual(pathlib.Path(fini).read_text(), "fini")
            self.assertFalse(os.path.exists(running.address))

    def test_sigterm_ends_it_in_order(self):
        source = ECHO + "    def wrapperFini(self):\n        print('fini was called')\n"
        with plugin(source) as running:
            Run(running).once(1)
            running.process.send_signal(signal.SIGTERM)
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)
            self.assertEqual(running.stderr().count("fini was called"), 1)

    def test_a_second_init_is_refused(self):
        with plugin(ECHO) as running:
            run = Run(running)
            with self.assertRaises(grpc.RpcError) as caught:
                Run(running)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
            self.assertEqual(run.once(1).code, 0)

    def test_a_call_knows_its_request_and_its_deadline(self):
        source = """
        import json, time
        from aiges import context, request
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                now = context.current()
                assert request.current_request() is now
                left = None if now.deadline is None else now.deadline - time.monotonic()
                return answer(json.dumps([now.sid, left, now.cancelled]))
        """
        with plugin(source) as running:
            run = Run(running)
            self.assertEqual(json.loads(run.once(1).payloads[0].data), ["sid-1", None, False])
            timed = once(2)
            timed["once"]["timeout_ms"] = 60_000
            run.send(timed)
            left = json.loads(run.result(2).payloads[0].data)[1]
            self.assertTrue(0 < left <= 60, left)


class InitTest(unittest.TestCase):
    def failure(self, source, raw=True):
        with plugin(source, raw=raw) as running:
            init = Run(running).init
            return init.code, init.message, running.stderr()

    def test_an_import_error_is_30001_with_its_place(self):
        code, text, log = self.failure("import os\nimport no_such_package_here\n")
        self.assertEqual(code, 30001)
        self.assertRegex(text, r"ModuleNotFoundError: No module named 'no_such_package_here' \(.*wrapper\.py:2\)")
        self.assertIn("Traceback", log)

    def test_a_syntax_error_is_30001_with_its_place(self):
        code, text, _ = self.failure("x = 1\ndef broken(:\n")
        self.assertEqual(code, 30001)
        self.assertRegex(text, r"SyntaxError: .*wrapper\.py:2\)")

    def test_a_module_without_the_class_is_named(self):
        code, text, _ = self.failure("class Other: pass\n")
        self.assertEqual(code, 30001)
        self.assertRegex(text, r"wrapper\.py has no class Wrapper")

    def test_a_call_that_takes_too_little_is_30001(self):
        code, text, _ = self.failure("class Wrapper(Base):\n    def wrapperOnceExec(self): pass\n", raw=False)
        self.assertEqual(code, 30001)
        self.assertIn("must take params, reqData", text)

    def test_a_refusal_of_wrapper_init_is_30002_with_the_wrappers_text(self):
        source = """
        class Wrapper(Base):
            def wrapperInit(self, config): return 17
            def wrapperError(self, ret): return "model file is missing"
            def wrapperOnceExec(self, params, reqData): pass
        """
        code, text, _ = self.failure(source, raw=False)
        self.assertEqual((code, text), (30002, "wrapperInit returned 17: model file is missing"))

    def test_an_exception_of_wrapper_init_is_30002(self):
        source = """
        class Wrapper(Base):
            def wrapperInit(self, config): open("no-model.onnx")
            def wrapperOnceExec(self, params, reqData): pass
        """
        code, text, log = self.failure(source, raw=False)
        self.assertEqual(code, 30002)
        self.assertRegex(text, r"FileNotFoundError: .*no-model\.onnx.*wrapper\.py:\d+\)")
        self.assertIn("Traceback", log)

    def test_a_constructor_that_exits_does_not_end_the_process(self):
        source = """
        import sys
        class Wrapper(Base):
            def __init__(self): sys.exit(9)
            def wrapperOnceExec(self, params, reqData): pass
        """
        code, text, _ = self.failure(source, raw=False)
        self.assertEqual(code, 30001)
        self.assertIn("SystemExit: 9", text)

    def test_the_configuration_arrives_as_a_dict(self):
        source = """
        class Wrapper(Base):
            def wrapperInit(self, config):
                return 0 if config.get("common.lic") == "10" and type(config) is dict else 1
            def wrapperOnceExec(self, params, reqData): pass
        """
        with plugin(source) as running:
            self.assertEqual(Run(running, **{"common.lic": "10"}).init.code, 0)


if __name__ == "__main__":
    unittest.main()
