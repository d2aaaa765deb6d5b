"""The command line, and that the committed descriptors correspond to the protocol files."""

import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

from tests.support import HEADER, SDK, TIMEOUT_S

GENERATOR = SDK / "tools" / "generate_wire.py"


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()

    def aiges(self, *arguments, cwd=None, program=("-m", "aiges")):
        return subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=cwd or self.folder,
            env={**os.environ, "PYTHONPATH": str(SDK)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def wrapper(self, source):
        (self.folder / "wrapper.py").write_text(HEADER + source + "\nif __name__ == '__main__':\n    Wrapper().run()\n")
        (self.folder / "test.png").write_bytes(b"picture")

    def test_version(self):
        done = self.aiges("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^aiges-sdk \d+\.\d+\.\d+ \(Python 3\.")

    def test_a_created_project_runs_as_it_is(self):
        self.assertEqual(self.aiges("create", "-n", "demo").returncode, 0)
        project = self.folder / "demo"
        made = sorted(str(path.relative_to(project)) for path in project.rglob("*") if path.is_file())
        expected = ["Dockerfile", "README.md", "requirements.txt", "wrapper/test_data/test.png", "wrapper/wrapper.py"]
        self.assertEqual(made, expected)
        self.assertIn('serviceId = "demo"', (project / "wrapper" / "wrapper.py").read_text())
        for path in project.rglob("*"):
            self.assertNotIn(b"__NAME__", path.read_bytes() if path.is_file() else b"")
        done = self.aiges("run", cwd=project)
        self.assertEqual((done.returncode, done.stderr.count("FAILED")), (0, 0))
        self.assertIn('"width": 64, "height": 48', done.stdout)

    def test_create_overwrites_nothing_and_refuses_bad_names(self):
        (self.folder / "demo").mkdir()
        self.assertEqual(self.aiges("create", "-n", "demo").returncode, 1)
        self.assertEqual(list((self.folder / "demo").iterdir()), [])
        for name in ("../up", "a b", "", "1x"):
            self.assertEqual(self.aiges("create", "-n", name).returncode, 1)

    def test_pack_keeps_the_structure(self):
        self.aiges("create", "-n", "demo")
        (self.folder / "demo" / "wrapper" / "__pycache__").mkdir()
        (self.folder / "demo" / "wrapper" / "__pycache__" / "x.pyc").write_bytes(b"")
        done = self.aiges("pack", "demo")
        self.assertEqual(done.returncode, 0)
        with tarfile.open(done.stdout.strip()) as tar:
            names = tar.getnames()
        self.assertIn("wrapper/test_data/test.png", names)
        self.assertFalse([name for name in names if "__pycache__" in name])
        self.assertEqual(self.aiges("pack", str(self.folder)).returncode, 1)

    def test_run_says_why_a_wrapper_fails(self):
        cases = {
            "return None": "returned nothing",
            "return Response().response_err(5)": "code 5: five",
            "return answer(1)": "not int",
            "r = answer('x'); r.list[0].key = 'other'; return r": "'other' is not declared",
            "r = answer('x'); r.list[0].type = 2; return r": "declared as text",
            "raise ValueError('bad')": "ValueError: bad",
            "r = answer('x'); r.list *= 2; return r": "must differ",
        }
        for body, text in cases.items():
            self.wrapper(
                "class Wrapper(Base):\n"
                "    def wrapperError(self, ret): return 'five'\n"
                f"    def wrapperOnceExec(self, params, reqData):\n        {body}\n"
            )
            for program in (("-m", "aiges", "run"), ("wrapper.py",)):
                with self.subTest(body=body, program=program):
                    done = self.aiges(program=program)
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr, f"FAILED: .*{text}")

    def test_run_as_a_session(self):
        self.wrapper(
            "class Wrapper(Base):\n"
            "    def wrapperCreate(self, params, sid):\n"
            "        created = SessionCreateResponse(); created.handle = 'h'; self.sid = sid; return created\n"
            "    def wrapperWrite(self, handle, req, sid):\n"
            "        response = answer(req.list[0].data); response.list[0].status = req.list[0].status\n"
            "        callback(response, self.sid); return 0\n"
        )
        done = self.aiges("run", "--stream")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("result: text, end, 7 bytes\npicture", done.stdout)

    def test_run_without_a_test_file_names_it(self):
        self.wrapper("class Wrapper(Base):\n    def wrapperOnceExec(self, params, reqData): return answer('x')\n")
        (self.folder / "test.png").unlink()
        done = self.aiges("run")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.folder / "test.png"), done.stderr)


@unittest.skipUnless((SDK.parent.parent / "proto" / "plugin").is_dir(), "only in the repository")
class DescriptorTest(unittest.TestCase):
    def test_the_committed_descriptors_correspond_to_the_protocol_files(self):
        done = subprocess.run([sys.executable, str(GENERATOR), "--check"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "plugin.binpb corresponds to proto/plugin"))


if __name__ == "__main__":
    unittest.main()
