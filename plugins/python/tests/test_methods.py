"""Methods: what clients call by name beside the plain call."""

import json
import struct
import unittest

from aiges.methods import methods_of
from aiges.sdk import StringBodyField, TensorField, WrapperBase, method
from aiges.signature import SignatureError
from tests.stream_client import StreamClient
from tests.support import Run, plugin
from tests.test_tensors import request, tensor

X = 'inputs=[TensorField("x", "INT32", [-1])], outputs=[TensorField("y", "INT32", [-1])]'

WRAPPER = f"""
class Wrapper(WrapperBase):
    serviceId = "svc"
    def wrapperInit(self, config):
        return 0

    @method({X})
    def double(self, x):
        return x * 2

    @method("renamed", {X})
    def own_name(self, x, params, reqData):
        return {{"y": x + len(params) + len(reqData.list)}}

    @method(inputs=[TensorField("x", "INT32", [-1]), TensorField("by", "INT32", [1])],
            outputs=[TensorField("quotient", "INT32", [-1]), TensorField("rest", "INT32", [-1])])
    async def divide(self, x, by=7):
        return x // by, x % by

    @method({X})
    def count(self, x):
        for number in x:
            yield [int(number)]

    @method({X})
    async def count_async(self, x):
        for number in x:
            yield Response().tensor("y", [int(number)], "INT32")

    @method(inputs=[StringBodyField("text"), JsonBodyField("options"), ImageBodyField("picture")],
            outputs=[JsonBodyField("seen")])
    def look(self, text, options=None, picture=b""):
        return {{"seen": {{"text": text, "options": options, "picture": picture.hex()}}}}

    @method({X})
    def wrong(self, x):
        return x.astype("f8")

    @method(outputs=[StringBodyField("result")])
    def fails(self):
        return Response().response_err(77)

    def wrapperError(self, ret):
        return "seventy-seven"
"""


def numbers(result):
    return {
        payload.key: list(struct.unpack(f"<{len(payload.data) // 4}i", payload.data)) for payload in result.payloads
    }


class MethodTest(unittest.TestCase):
    def setUp(self):
        opened = plugin(WRAPPER)
        self.run_ = Run(opened.__enter__())
        self.addCleanup(opened.__exit__, None, None, None)
        self.ids = 0

    def call(self, method, *payloads):
        self.ids += 1
        self.run_.send(request(self.ids, *payloads, method=method))
        return self.run_.result(self.ids)

    def test_they_are_told_with_what_they_take_and_give_and_there_is_no_plain_call(self):
        abilities = self.run_.init.capabilities
        self.assertEqual((abilities.once, abilities.streaming_output, abilities.chat), (False, True, False))
        told = {each.name: [list(each.inputs), list(each.outputs)] for each in abilities.methods}
        names = ["double", "renamed", "divide", "count", "count_async", "look", "wrong", "fails"]
        self.assertEqual(list(told), names)
        inputs, outputs = told["divide"]
        self.assertEqual(
            [(i.name, i.datatype, list(i.shape), i.optional) for i in inputs][1], ("by", "INT32", [1], True)
        )
        self.assertEqual([output.name for output in outputs], ["quotient", "rest"])
        # A text or picture is one element for protocols of tensors.
        looked = [(i.name, i.datatype, list(i.shape), i.optional) for i in told["look"][0]]
        self.assertEqual(looked[:2], [("text", "BYTES", [1], False), ("options", "BYTES", [1], True)])

    def test_each_input_is_the_argument_of_its_name(self):
        self.assertEqual(numbers(self.call("double", tensor("x", [1, 2]))), {"y": [2, 4]})
        self.assertEqual(numbers(self.call("renamed", tensor("x", [1, 2]))), {"y": [2, 3]})

    def test_a_coroutine_may_give_all_outputs_in_order_and_leave_out_an_argument_with_a_default(self):
        by = tensor("by", [4])
        self.assertEqual(numbers(self.call("divide", tensor("x", [9]), by)), {"quotient": [2], "rest": [1]})
        self.assertEqual(numbers(self.call("divide", tensor("x", [9]))), {"quotient": [1], "rest": [2]})

    def test_texts_json_and_pictures_are_what_they_mean_also_as_single_elements_of_tensors(self):
        text = {"key": "text", "data": "文".encode()}
        self.assertEqual(
            json.loads(self.call("look", text).payloads[0].data), {"text": "文", "options": None, "picture": ""}
        )
        element = {"key": "picture", "data": b"\x02\0\0\0\x01\xff", "tensor": {"datatype": "BYTES", "shape": [1]}}
        seen = self.call("look", text, {"key": "options", "data": b"[1]"}, element)
        self.assertEqual(json.loads(seen.payloads[0].data), {"text": "文", "options": [1], "picture": "01ff"})

    def test_what_is_wrong_is_named(self):
        cases = [
            ("wrong", [tensor("x", [1])], "TensorError: tensor 'y' must be INT32; the array is FP64 (numpy's float64)"),
            ("no", [], "LookupError: the wrapper has no method 'no'; its methods are: double, renamed, divide, count"),
            ("", [], "LookupError: the wrapper has no plain call (wrapperOnceExec); its methods are: double"),
        ]
        for name, payloads, message in cases:
            with self.subTest(name):
                result = self.call(name, *payloads)
                self.assertEqual((result.code, result.message[: len(message)]), (30003, message))
                self.assertFalse(result.invalid_input)
        failed = self.call("fails")
        self.assertEqual((failed.code, failed.message), (77, "seventy-seven"))

    def test_what_is_wrong_with_the_request_is_the_clients_fault(self):
        x, text = tensor("x", [1]), {"key": "text", "data": b"text"}
        nested = {"key": "options", "data": b"[" * 100_000}
        cases = [
            ("double", [], "tensor 'x' is missing; method double takes INT32 [-1]"),
            (
                "double",
                [{"key": "x", "data": b"abc"}],
                "tensor 'x', INT32 [-1], must have a multiple of 4 bytes; it has 3",
            ),
            (
                "divide",
                [{"key": "x", "data": b"abc"}],
                "tensor 'x', INT32 [-1], must have a multiple of 4 bytes; it has 3",
            ),
            (
                "count",
                [{"key": "x", "data": b"abc"}],
                "tensor 'x', INT32 [-1], must have a multiple of 4 bytes; it has 3",
            ),
            (
                "count_async",
                [{"key": "x", "data": b"abc"}],
                "tensor 'x', INT32 [-1], must have a multiple of 4 bytes; it has 3",
            ),
            ("double", [x, tensor("z", [1])], "unknown input 'z'; method double takes x"),
            ("look", [], "input 'text' is missing; method look takes text, options, picture"),
            (
                "look",
                [{"key": "text", "data": b"\xff"}],
                "input 'text' is no text in UTF-8: 'utf-8' codec can't decode",
            ),
            ("look", [text, {"key": "options", "data": b"{"}], "input 'options' is no JSON: Expecting property name"),
            ("look", [text, nested], "input 'options' is no JSON: maximum recursion depth exceeded"),
        ]
        for name, payloads, message in cases:
            with self.subTest(name):
                result = self.call(name, *payloads)
                self.assertEqual((result.invalid_input, result.message[: len(message)]), (True, message))
        self.assertNotIn("Traceback", self.run_.plugin.stderr())


class YieldingMethodTest(unittest.TestCase):
    def test_each_value_is_a_result(self):
        with plugin(WRAPPER) as running, StreamClient(running) as client:
            for id, name in enumerate(("count", "count_async"), 1):
                client.send(request(id, tensor("x", [5, 6]), method=name))
                results = [numbers(result) for result in client.all_results(id)]
                self.assertEqual(results, [{"y": [5]}, {"y": [6]}, {}])


class DeclarationTest(unittest.TestCase):
    def refused(self, function, message):
        cls = type("Wrapper", (WrapperBase,), {"predict": function})
        with self.assertRaisesRegex(SignatureError, message):
            methods_of(cls())

    def test_a_function_that_does_not_take_its_inputs_is_refused(self):
        inputs = [StringBodyField("a")]
        self.refused(method(inputs=inputs)(lambda self: 0), "has no argument for its input 'a'")
        self.refused(method(inputs=inputs)(lambda self, a, b: 0), r"'b' is none of its inputs \(a\)")
        self.refused(method(inputs=inputs)(lambda self, *a: 0), "cannot be given by name")
        self.refused(method("chat")(lambda self: 0), "the name of method 'chat' is taken")

    def test_a_function_with_all_payloads_or_any_arguments_takes_any_input(self):
        inputs = [StringBodyField("not-a-name")]
        for function in (lambda self, reqData: 0, lambda self, **inputs: 0):
            cls = type("Wrapper", (WrapperBase,), {"predict": method("predict", inputs)(function)})
            self.assertEqual(list(methods_of(cls())), ["predict"])

    def test_an_override_without_the_mark_is_no_method(self):
        base = type("Base", (WrapperBase,), {"predict": method("predict")(lambda self: 0)})
        self.assertEqual(list(methods_of(type("Wrapper", (base,), {})())), ["predict"])
        self.assertEqual(list(methods_of(type("Wrapper", (base,), {"predict": lambda self: 0})())), [])

    def test_only_payloads_are_inputs_and_the_parentheses_are_needed(self):
        with self.assertRaisesRegex(TypeError, "body fields and tensors"):
            method(inputs=[1])
        with self.assertRaisesRegex(TypeError, "parentheses"):
            method(lambda self: 0)
        declared = method(inputs=type("In", (), {"x": TensorField("x", "INT8", [1])}))(lambda self, x: 0)
        self.assertEqual([field.key for field in declared._aiges_method.inputs], ["x"])


if __name__ == "__main__":
    unittest.main()
