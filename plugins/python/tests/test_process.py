"""How the plugin process starts and ends."""

import os
import select
import subprocess
import sys
import tempfile
import unittest

from aiges.wire.messages import message
from tests.support import ECHO, SDK, TIMEOUT_S, Run, plugin


class StartTest(unittest.TestCase):
    def serve(self, code="import runpy; runpy.run_module('aiges.serve', run_name='__main__')", **environment):
        variables = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(SDK), **environment}
        return subprocess.run(
            [sys.executable, "-c", code],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def test_without_the_cookie_it_says_what_it_is_for(self):
        done = self.serve()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("-m aiges run", done.stderr)

    def test_an_unknown_protocol_is_refused(self):
        done = self.serve(BASIC_PLUGIN="hello", PLUGIN_PROTOCOL_VERSIONS="7")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("'7'", done.stderr)

    def test_without_grpcio_it_names_the_interpreter_and_the_command(self):
        hide = "import sys; sys.modules['grpc'] = None; "
        code = hide + "import runpy; runpy.run_module('aiges.serve', run_name='__main__')"
        done = self.serve(code, BASIC_PLUGIN="hello")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"{sys.executable} -m pip install grpcio protobuf", done.stderr)

    def test_picks_protocol_2_when_it_is_offered_and_1_otherwise(self):
        for offered, chosen in (("1,2", "2"), ("2,1", "2"), ("2", "2"), ("1", "1"), (None, "1")):
            with self.subTest(offered), plugin(ECHO, offered) as running:
                self.assertEqual(running.line.split("|")[:2], ["1", chosen])

    def test_without_a_usable_folder_it_listens_on_loopback(self):
        long_folder = "/tmp/" + "x" * 100
        for folder in ("", "/no/such/folder", "/tmp/a b", long_folder):
            with self.subTest(folder), plugin(ECHO, PLUGIN_UNIX_SOCKET_DIR=folder) as running:
                self.assertRegex(running.line, r"^1\|2\|tcp\|127\.0\.0\.1:\d+\|grpc$")
                self.assertEqual(Run(running).once(1).code, 0)

    def test_two_run_at_the_same_time(self):
        with (
            plugin(ECHO, "1", PLUGIN_UNIX_SOCKET_DIR="") as first,
            plugin(ECHO, "1", PLUGIN_UNIX_SOCKET_DIR="") as second,
        ):
            self.assertNotEqual(first.address, second.address)
            for running in (first, second):
                request = message("grpc.health.v1.HealthCheckRequest")(service="plugin")
                reply = running.call("/grpc.health.v1.Health/Check", request, "grpc.health.v1.HealthCheckResponse")
                self.assertEqual(reply.status, 1)


class OutputTest(unittest.TestCase):
    SOURCE = """
    import os, sys, subprocess
    print("1|1|tcp|127.0.0.1:1|grpc at import")
    os.write(1, b"written to descriptor 1\\n")
    subprocess.run([sys.executable, "-c", "print('from a child', len(input.__name__), open(0).read())"], check=True)
    class Wrapper(Base):
        def wrapperOnceExec(self, params, reqData):
            print("printed in exec: 识别")
            return answer(b"ok")
    """

    def test_nothing_that_a_wrapper_prints_reaches_stdout(self):
        with plugin(self.SOURCE) as running:
            run = Run(running)
            self.assertEqual((run.init.code, run.once(1).code), (0, 0))
            run.shutdown(1000)
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)
            self.assertEqual(running.process.stdout.read(), b"")
            log = running.stderr()
            for text in ("at import", "written to descriptor 1", "from a child", "printed in exec: 识别"):
                self.assertIn(text, log)

    def test_log_lines_begin_with_their_level_and_no_file_is_written(self):
        source = """
        import logging
        from aiges.utils.log import log, getFileLogger, getLogger
        mine = getFileLogger(name="mine")
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                log.warn("two\\nlines %s", 1)
                mine.debug("debug")
                logging.getLogger("library").error("standard")
                return answer(b"ok")
        """
        with plugin(source) as running:
            Run(running).once(1)
            log = running.stderr()
            self.assertRegex(log, r"(?m)^WARNING \[sid=sid-1\] wrapper:wrapperOnceExec:\d+ two$")
            self.assertRegex(log, r"(?m)^WARNING \[sid=sid-1\] lines 1$")
            self.assertRegex(log, r"(?m)^DEBUG \[sid=sid-1\] mine:wrapperOnceExec:\d+ debug$")
            self.assertRegex(log, r"(?m)^ERROR \[sid=sid-1\] library:wrapperOnceExec:\d+ standard$")
            files = sorted(os.listdir(running.stderr_path.parent))
            self.assertEqual([f for f in files if f.endswith(".log")], ["stderr.log"])


class SignalTest(unittest.TestCase):
    def test_a_sigterm_that_another_thread_gets_ends_it_and_a_sigint_does_not(self):
        source = """
        import signal, threading
        class Wrapper(Base):
            def wrapperOnceExec(self, params, reqData):
                # On a thread that is not the main one.
                signal.pthread_kill(threading.get_ident(), getattr(signal, params["signal"]))
                return answer(params["signal"])
        """
        with plugin(source) as running:
            run = Run(running)
            for id in (1, 2):
                self.assertEqual(run.once(id, signal="SIGINT").payloads[0].data, b"SIGINT")
            run.once(3, signal="SIGTERM")
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)


class ParentTest(unittest.TestCase):
    def test_it_ends_when_its_host_closes_stdin(self):
        source = ECHO + "    def wrapperFini(self):\n        print('fini was called')\n"
        with plugin(source) as running:
            Run(running).once(1)
            running.process.stdin.close()
            self.assertEqual(running.process.wait(TIMEOUT_S), 0)
            self.assertIn("fini was called", running.stderr())

    @unittest.skipUnless(hasattr(os, "pidfd_open"), "needs Linux")
    def test_it_ends_when_its_host_is_killed_even_if_fini_hangs(self):
        source = ECHO + "    def wrapperFini(self):\n        __import__('threading').Event().wait()\n"
        host = (
            "import subprocess, sys, os\n"
            "child = subprocess.Popen([sys.executable, '-m', 'aiges.serve'], stdin=subprocess.PIPE,"
            " stdout=subprocess.PIPE)\n"
            "child.stdout.readline()\n"
            "print(child.pid, flush=True)\n"
            "sys.stdin.read()\n"
        )
        with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "stderr.log"), "wb") as stderr:
            with open(os.path.join(folder, "wrapper.py"), "w") as file:
                file.write(source)
            environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{SDK}", "BASIC_PLUGIN": "hello"}
            with subprocess.Popen(
                [sys.executable, "-c", host],
                env=environment,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            ) as process:
                pid = int(process.stdout.readline())
                ended = os.pidfd_open(pid)
                try:
                    process.kill()
                    readable, _, _ = select.select([ended], [], [], TIMEOUT_S)
                    self.assertTrue(readable, "the plugin outlived its host")
                finally:
                    os.close(ended)


if __name__ == "__main__":
    unittest.main()
