"""Plugin protocol 1 over a real socket, as an AIGES loader uses it."""

import json
import queue
import threading
import unittest

import grpc

from aiges.wire.messages import message
from tests.support import ECHO, TIMEOUT_S, plugin

SESSION = """
class Upper(StreamHandleThread):
    def run(self):
        while not self.is_stopping:
            req = self.in_q.get()
            node = req.list[0]
            response = answer(node.data.upper())
            response.list[0].status = node.status
            self.session_thread.callback_fn(response, self.session_thread.sid)
            if node.status == DataEnd:
                self.session_thread.reset()

class Wrapper(Base):
    def wrapperInit(self, config):
        self.session.init_wrapper_config(config)
        self.session.init_handle_pool("thread", 1, Upper)
        return 0
    def wrapperOnceExec(self, params, reqData):
        return None
    def wrapperCreate(self, params, sid):
        created = SessionCreateResponse()
        handle = self.session.get_idle_handle()
        if not handle:
            created.error_code = -1
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
"""


class Host:
    """Does what the loader does: communicate first, then init."""

    def __init__(self, running):
        self.plugin = running
        self.requests, self.stream = running.stream(
            "/aiges.WrapperService/communicate", "aiges.Request", "aiges.Response"
        )
        self.results = queue.Queue()
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        try:
            for response in self.stream:
                self.results.put(response)
        except grpc.RpcError:
            self.results.put(None)

    def call(self, method, request, reply):
        return self.plugin.call(f"/aiges.WrapperService/{method}", request, f"aiges.{reply}")

    def init(self, **config):
        return self.call("wrapperInit", message("aiges.InitRequest")(config=config), "Ret").ret

    def once(self, tag, data=b"data", **params):
        payload = {"key": "img", "type": 2, "status": 3, "desc": {"encoding": "jpg"}, "data": data}
        request = message("aiges.Request")(tag=tag, params={"sid": tag, **params}, list=[payload])
        return self.call("wrapperOnceExec", request, "Response").ret

    def result(self):
        return self.results.get(timeout=TIMEOUT_S)

    def create(self, sid, tag):
        return self.call("wrapperCreate", message("aiges.CreateRequest")(sid=sid, tag=tag), "Handle")

    def write(self, handle, sid, data, status):
        frame = {"list": [{"key": "img", "data": data, "status": status}]}
        request = message("aiges.WriteMessage")(handle=handle, sid=sid, req=frame)
        return self.call("wrapperWrite", request, "Ret").ret


class Protocol1Test(unittest.TestCase):
    def test_a_once_result_comes_on_communicate_with_its_tag(self):
        with plugin(ECHO, "1") as running:
            host = Host(running)
            self.assertEqual(host.init(**{"common.lic": "10"}), 0)
            self.assertEqual(host.once("tag-1", b"picture"), 0)
            result = host.result()
            self.assertEqual((result.tag, result.ret), ("tag-1", 0))
            node = result.list[0]
            self.assertEqual((node.key, node.data, node.len, node.type, node.status), ("result", b"picture", 7, 0, 3))

    def test_large_payloads_pass(self):
        with plugin(ECHO, "1") as running:
            host = Host(running)
            host.init()
            data = bytes(6 << 20)
            host.once("t", data)
            self.assertEqual(host.result().list[0].data, data)

    def test_the_schema_is_returned(self):
        with plugin(ECHO, "1") as running:
            host = Host(running)
            host.init()
            schema = json.loads(host.call("wrapperSchema", message("aiges.SvcId")(serviceId="x"), "Schema").data)
            self.assertEqual(schema["meta"]["service"], ["svc"])

    def test_failures_are_in_the_reply_and_on_communicate(self):
        source = """
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData, usrTag):
                if params["how"] == "raise":
                    raise ValueError("bad")
                return Response().response_err(100)
        """
        with plugin(source, "1") as running:
            host = Host(running)
            host.init()
            for tag, how, ret in (("a", "raise", 30003), ("b", "code", 100)):
                self.assertEqual(host.once(tag, how=how), ret)
                result = host.result()
                self.assertEqual((result.tag, result.ret, len(result.list)), (tag, ret, 0))
            self.assertIn("ERROR [sid=a] Traceback", running.stderr())

    def test_init_failures_have_their_codes(self):
        for source, ret in (
            ("import nothing_here\n", 30001),
            (ECHO + "    def wrapperInit(self, c): return 5\n", 30002),
        ):
            with self.subTest(ret), plugin(source, "1") as running:
                self.assertEqual(Host(running).init(), ret)

    def test_a_call_before_init_fails(self):
        with plugin(ECHO, "1") as running:
            self.assertEqual(Host(running).once("t"), 30003)

    def test_a_session_answers_each_frame_with_its_tag_and_frees_its_handle(self):
        with plugin(SESSION, "1") as running:
            host = Host(running)
            self.assertEqual(host.init(), 0)
            for tag in ("tag-1", "tag-2"):
                created = host.create("sid-of-" + tag, tag)
                self.assertEqual(created.err_code, 0)
                for status, data in enumerate((b"begin", b"middle", b"end")):
                    self.assertEqual(host.write(created.handle, "sid-of-" + tag, data, status), 0)
                results = [host.result() for _ in range(3)]
                self.assertEqual([r.tag for r in results], [tag] * 3)
                self.assertEqual([r.list[0].data for r in results], [b"BEGIN", b"MIDDLE", b"END"])
                self.assertEqual([r.list[0].status for r in results], [0, 1, 2])
                destroyed = host.call("wrapperDestroy", message("aiges.Handle")(handle=created.handle), "Ret")
                self.assertEqual(destroyed.ret, 0)

    def test_a_session_without_a_free_handle_is_refused(self):
        with plugin(SESSION, "1") as running:
            host = Host(running)
            host.init()
            self.assertEqual(host.create("s1", "t1").err_code, 0)
            self.assertEqual(host.create("s2", "t2").err_code, -1)

    def test_a_wrapper_without_sessions_refuses_them(self):
        with plugin(ECHO, "1") as running:
            host = Host(running)
            host.init()
            self.assertEqual(host.create("s", "t").err_code, 30003)

    def test_a_new_communicate_stream_gets_the_results_after_the_first_has_ended(self):
        with plugin(ECHO, "1") as running:
            first = Host(running)
            first.init()
            first.stream.cancel()
            self.assertIsNone(first.result())
            second = Host(running)
            second.once("t")
            self.assertEqual(second.result().tag, "t")

    def test_the_controller_ends_it_in_order(self):
        with plugin(ECHO + "    def wrapperFini(self): print('fini was called')\n", "1") as running:
            Host(running).init()
            running.call("/plugin.GRPCController/Shutdown", message("google.protobuf.Empty")(), "google.protobuf.Empty")
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)
            self.assertIn("fini was called", running.stderr())

    def test_health_of_another_service_is_not_found(self):
        with plugin(ECHO, "1") as running:
            request = message("grpc.health.v1.HealthCheckRequest")(service="other")
            with self.assertRaises(grpc.RpcError) as caught:
                running.call("/grpc.health.v1.Health/Check", request, "grpc.health.v1.HealthCheckResponse")
            self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)


if __name__ == "__main__":
    unittest.main()
