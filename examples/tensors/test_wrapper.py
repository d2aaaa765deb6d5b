"""Tests of the wrapper alone, without a daemon.

PYTHONPATH=../../plugins/python python -m unittest -v        # in this folder
"""

import contextlib
import io
import sys
import unittest
from pathlib import Path

import numpy

EXAMPLE = Path(__file__).resolve().parent
sys.path.insert(0, str(EXAMPLE / "wrapper"))

from aiges.dto import DataListCls, DataListNode  # noqa: E402
from aiges.errors import InvalidInput  # noqa: E402
from aiges.loader import LoadedWrapper  # noqa: E402
from aiges.tensor_arrays import encode  # noqa: E402

import wrapper as module  # noqa: E402


class WrapperTest(unittest.TestCase):
    def setUp(self):
        self.wrapper = LoadedWrapper(module.Wrapper())
        self.wrapper.init({})

    def call(self, method: str, **inputs) -> dict:
        """What the plain call, or a method, answers: arrays by name."""
        nodes = []
        for name, array in inputs.items():
            node = DataListNode(name)
            node.tensor, node.data = encode(numpy.asarray(array), None, name)
            nodes.append(node)
        operation = self.wrapper.operation(method)
        response = operation.answer(operation.call({}, DataListCls(nodes), "", 0))
        answers = [DataListNode(node.key, node.data) for node in response.list]
        for answer, node in zip(answers, response.list):
            answer.tensor = node.tensor
        return {answer.key: answer.numpy() for answer in answers}

    def test_the_plain_call_gives_sum_and_difference(self):
        left, right = numpy.arange(32, dtype="i4").reshape(2, 16), numpy.ones((2, 16), "i4")
        answer = self.call("", INPUT0=left, INPUT1=right)
        numpy.testing.assert_array_equal(answer["OUTPUT0"], left + right)
        numpy.testing.assert_array_equal(answer["OUTPUT1"], left - right)

    def test_each_method_gives_its_result(self):
        floats, whole = numpy.array([[1.5, 2], [3, 4]], "f4"), numpy.array([[1, 2], [3, 4]], "i4")
        texts = numpy.array([b"ab", "文".encode()], object)
        for method, inputs, expected in (
            ("add", {"x1": floats, "x2": floats}, [[3, 4], [6, 8]]),
            ("add_cast", {"x1": whole, "x2": whole}, [[2, 4], [6, 8]]),
            ("concat", {"x1": texts, "x2": texts}, [b"abab", "文文".encode()]),
            ("not", {"x": [True, False]}, [False, True]),
            ("plus_one", {"x": numpy.array([1, -1], "i4")}, [2, 0]),
        ):
            with self.subTest(method):
                self.assertEqual(self.call(method, **inputs)["y"].tolist(), expected)

    def test_other_datatypes_shapes_and_names_are_refused(self):
        rows = numpy.ones((1, 16), "i4")
        for method, inputs, message in (
            ("", {"INPUT0": rows}, "'INPUT1' is missing"),
            ("", {"INPUT0": rows, "INPUT1": rows[0]}, r"must be INT32 \[-1, 16\]; it is INT32 \[16\]"),
            ("plus_one", {"x": numpy.array([1.5])}, r"must be INT32 \[-1\]; it is FP64 \[1\]"),
        ):
            with self.subTest(message), self.assertRaisesRegex(InvalidInput, message):
                self.call(method, **inputs)
        with self.assertRaisesRegex(InvalidInput, "unknown input 'z'; method not takes x"):
            self.call("not", x=[True], z=[True])

    def test_the_declared_test_data_works(self):
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            module.Wrapper().run()
        self.assertIn("OK", shown.getvalue())


if __name__ == "__main__":
    unittest.main()
