"""`python -m aiges run` with wrappers that yield."""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

from tests.support import HEADER, SDK, TIMEOUT_S

YIELDS = """
    {what} wrapperOnceExec(self, params, reqData):
        yield "one"
        yield "two"
    {what} wrapperStream(self, params, frames):
        {for_} frame in frames:
            yield frame.get("img").data.decode()
        yield "done"
"""


class LocalStreamTest(unittest.TestCase):
    def run_wrapper(self, body, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            source = HEADER + "class Wrapper(Base):\n" + textwrap.indent(textwrap.dedent(body), "    ")
            pathlib.Path(folder, "wrapper.py").write_text(source)
            pathlib.Path(folder, "test.png").write_bytes(b"picture")
            command = [sys.executable, "-m", "aiges", "run", *arguments]
            environment = {**os.environ, "PYTHONPATH": str(SDK)}
            return subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S
            )

    def test_shows_every_result_of_a_once_request_and_of_a_session(self):
        for what, for_ in (("def", "for"), ("async def", "async for")):
            body = YIELDS.format(what=what, for_=for_)
            with self.subTest(what):
                once = self.run_wrapper(body)
                self.assertEqual(once.returncode, 0, once.stderr)
                self.assertRegex(once.stdout, r"(?s)one.*two.*OK")
                session = self.run_wrapper(body, "--stream")
                self.assertEqual(session.returncode, 0, session.stderr)
                self.assertRegex(session.stdout, r"(?s)picture.*done.*OK")

    def test_runs_a_coroutine(self):
        done = self.run_wrapper("async def wrapperOnceExec(self, params, reqData):\n    return answer('awaited')\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("awaited", done.stdout)

    def test_tells_what_is_wrong(self):
        done = self.run_wrapper("def wrapperOnceExec(self, params, reqData):\n    yield 5\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED: wrapperOnceExec must return a Response, not int", done.stderr)
        raises = "def wrapperStream(self, params, frames):\n    raise ValueError('no')\n"
        done = self.run_wrapper(raises)
        self.assertIn("has no wrapperOnceExec and no other call for single requests; try its sessions", done.stderr)
        done = self.run_wrapper(raises, "--stream")
        self.assertIn("FAILED: wrapperStream raised ValueError: no", done.stderr)

    def test_tells_what_a_session_failed_with(self):
        fails = """
            def wrapperCreate(self, params, sid):
                return SessionCreateResponse()
            def wrapperWrite(self, handle, req, sid):
                callback(ValueError("no"), sid)
                return 0
        """
        done = self.run_wrapper(fails, "--stream")
        self.assertIn("FAILED: the session failed: ValueError: no", done.stderr)


if __name__ == "__main__":
    unittest.main()
