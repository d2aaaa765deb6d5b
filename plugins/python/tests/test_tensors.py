"""Tensors: as payloads, as answers, as declared fields, over both protocols."""

import json
import struct
import unittest
from unittest import mock

import numpy

from aiges.dto import DataListNode, Response, ResponseData
from aiges.sdk import TensorError, TensorField, WrapperBase
from aiges.tensor import DATATYPES, TensorInfo, split_elements
from aiges.wire.messages import message
from tests.support import Run, plugin
from tests.test_protocol1 import Host


def node(datatype, shape, data):
    payload = DataListNode("x", data)
    payload.tensor = TensorInfo(datatype, shape)
    return payload


def sent(value, datatype=None):
    """Datatype, shape and data of an answer's tensor."""
    (only,) = Response().tensor("y", value, datatype).list
    return only.tensor.datatype, only.tensor.shape, only.data


class PayloadTest(unittest.TestCase):
    def test_every_datatype_comes_back_as_it_was_sent(self):
        for datatype in DATATYPES:
            values = [[b"a", b""], [b"\xff", b"dd"]] if datatype == "BYTES" else [[0, 1], [1, 0]]
            with self.subTest(datatype):
                array = node(*sent(values, datatype)).numpy()
                self.assertEqual(array.tolist(), values)
                self.assertEqual(sent(array, datatype), sent(values, datatype))

    def test_an_array_is_a_read_only_view_of_the_data(self):
        data = struct.pack("<4i", 1, -2, 3, -4)
        payload = node("INT32", (2, 2), data)
        array = payload.numpy()
        self.assertEqual((payload.datatype, payload.shape), ("INT32", (2, 2)))
        self.assertEqual((array.dtype, array.tolist()), (numpy.dtype("<i4"), [[1, -2], [3, -4]]))
        self.assertTrue(numpy.shares_memory(array, numpy.frombuffer(data, "u1")))
        with self.assertRaises(ValueError):
            array[0, 0] = 5

    def test_attributes_describe_a_tensor_as_well(self):
        payload = DataListNode("x", b"\x01\x00", desc={"datatype": "UINT8", "shape": "[2, 1]"})
        self.assertEqual((payload.datatype, payload.shape, payload.numpy().tolist()), ("UINT8", (2, 1), [[1], [0]]))

    def test_bf16_is_read_as_float32_and_rounded_to_the_nearest(self):
        numbers = [1.0, -2.5, 3.14159, 1e38, float("inf"), 1.00390625, 1.01171875]
        for value in (numbers, numpy.array(numbers), numpy.array(numbers, "f4")):
            array = node(*sent(value, "BF16")).numpy()
            self.assertEqual(array.dtype, numpy.float32)
            self.assertEqual(array.tolist()[:2] + array.tolist()[4:], [1.0, -2.5, float("inf"), 1.0, 1.015625])
            self.assertAlmostEqual(array[2], 3.14159, delta=0.01)
        for value in ([float("nan")], numpy.array([float("nan")])):
            self.assertTrue(numpy.isnan(node(*sent(value, "BF16")).numpy()[0]))

    def test_what_does_not_fit_is_named(self):
        cases = [
            (node("INT32", (2, 2), bytes(12)), r"tensor 'x', INT32 \[2, 2\], must have 16 bytes; it has 12"),
            (node("INT31", (1,), bytes(4)), "unknown datatype 'INT31'; there are BOOL, UINT8"),
            (node("BYTES", (1,), b"\x05\x00\x00\x00abc"), "no element of full length begins at byte 0 of 7"),
            (node("BYTES", (2,), b"\x01\x00\x00\x00a"), "must have 2 elements for its shape; it has 1"),
            (DataListNode("x", b""), "payload 'x' is no tensor"),
            (DataListNode("x", b"", desc={"datatype": "INT8", "shape": "two"}), "must be a JSON array of sizes"),
            (DataListNode("x", b"", desc={"datatype": "INT8", "shape": "[-1]"}), "must be a JSON array of sizes"),
            (DataListNode("x", b"", desc={"datatype": "INT8", "shape": "[" * 9000}), "must be a JSON array of sizes"),
        ]
        for payload, text in cases:
            with self.subTest(text), self.assertRaisesRegex(TensorError, text):
                payload.numpy()

    def test_without_numpy_it_says_what_to_install(self):
        with mock.patch.dict("sys.modules", numpy=None), self.assertRaisesRegex(ImportError, "pip install numpy"):
            node("INT8", (1,), b"\x01").numpy()


class AnswerTest(unittest.TestCase):
    def test_arrays_keep_their_datatype_and_numbers_get_the_widest(self):
        self.assertEqual(sent(numpy.array([1, 2], ">i2")), ("INT16", (2,), struct.pack("<2h", 1, 2)))
        self.assertEqual(sent(numpy.arange(4).reshape(2, 2).T)[1:], ((2, 2), struct.pack("<4q", 0, 2, 1, 3)))
        self.assertEqual(sent(numpy.float32(1.5)), ("FP32", (), struct.pack("<f", 1.5)))
        self.assertEqual(sent([[1, 2]]), ("INT64", (1, 2), struct.pack("<2q", 1, 2)))
        self.assertEqual(sent([1, 2.5]), ("FP64", (2,), struct.pack("<2d", 1, 2.5)))
        self.assertEqual(sent(True), ("BOOL", (), b"\x01"))
        self.assertEqual(sent("文"), ("BYTES", (), b"\x03\x00\x00\x00\xe6\x96\x87"))
        self.assertEqual(sent(numpy.array(["a", "bc"]))[::2], ("BYTES", b"\x01\x00\x00\x00a\x02\x00\x00\x00bc"))
        self.assertEqual(sent(numpy.array([b"a", "b"], object))[2], b"\x01\x00\x00\x00a\x01\x00\x00\x00b")
        self.assertEqual(sent([], "FP32"), ("FP32", (0,), b""))

    def test_tensors_are_added_to_a_response_one_after_the_other(self):
        response = Response().tensor("a", [1]).tensor("b", ["x"])
        self.assertEqual([(payload.key, payload.type) for payload in response.list], [("a", 4), ("b", 4)])
        response.list.append(ResponseData("c", "text"))
        self.assertEqual([payload.key for payload in response.tensor("d", 1).list], ["a", "b", "c", "d"])

    def test_a_value_that_is_no_such_tensor_is_refused(self):
        cases = [
            ([[1, 2], [3]], None, "not equally long"),
            ([[1], 2], None, "equally long and deep"),
            ([1, [2]], None, "not equally long and deep"),
            ([1, "a"], None, "all of a kind; it holds int, str"),
            ([], None, "it holds nothing"),
            (None, None, "it holds NoneType"),
            ([300], "UINT8", "a value does not fit UINT8"),
            ([1.5], "INT32", "a value does not fit INT32"),
            ([1e300], "BF16", "a value does not fit BF16"),
            (["yes"], "BOOL", "BOOL takes truth values only"),
            ([1], "BYTES", "must be bytes or str, not int"),
            ([1], "INT31", "unknown datatype 'INT31'"),
            (numpy.array([1.5]), "FP32", r"must be FP32; the array is FP64 \(numpy's float64\)"),
            (numpy.array([1]), "BF16", "must be BF16; the array is INT64"),
            (numpy.array([1j]), None, "numpy's complex128 is no datatype"),
        ]
        for value, datatype, text in cases:
            with self.subTest(text), self.assertRaisesRegex(TensorError, text):
                sent(value, datatype)


class FieldTest(unittest.TestCase):
    def test_a_field_refuses_other_tensors_than_it_declares(self):
        field = TensorField("x", "INT32", [-1, 2])
        field.check_input(node("INT32", (3, 2), bytes(24)))
        for wrong in (node("INT32", (2,), bytes(8)), node("FP32", (1, 2), bytes(8)), node("INT32", (1, 2), bytes(9))):
            with self.subTest(wrong.tensor), self.assertRaisesRegex(TensorError, r"INT32 \[-?1, 2\]"):
                field.check_input(wrong)
        with self.assertRaisesRegex(TensorError, r"must be INT32 \[-1, 2\]; it is INT32 \[2\]"):
            field.output([1, 2])

    def test_bytes_that_come_without_datatype_and_shape_are_what_is_declared(self):
        payload = DataListNode("x", bytes(16))
        TensorField("x", "INT32", [-1, 2]).check_input(payload)
        self.assertEqual(payload.shape, (2, 2))
        for field in (TensorField("x", "INT32", [-1, -1]), TensorField("x", "BYTES", [-1])):
            with self.assertRaisesRegex(TensorError, "must come with its datatype and shape"):
                field.check_input(DataListNode("x", bytes(16)))
        with self.assertRaisesRegex(TensorError, "must have a multiple of 8 bytes; it has 18"):
            TensorField("x", "INT32", [-1, 2]).check_input(DataListNode("x", bytes(18)))

    def test_a_field_that_cannot_be_is_refused(self):
        for datatype, shape in (("INT31", [1]), ("INT32", [-2]), ("INT32", ["n"])):
            with self.assertRaises(TensorError):
                TensorField("x", datatype, shape)

    def test_the_schema_has_the_tensor_and_an_example_that_fits_it(self):
        class Request:
            x = TensorField("x", "INT16", [-1, 2], value=[[1, 2]])
            names = TensorField("names", "BYTES", [1])

        class Answer:
            y = TensorField("y", "FP32", [1])

        cls = type("Wrapper", (WrapperBase,), {"serviceId": "svc", "requestCls": Request, "responseCls": Answer})
        schema = json.loads(cls().schema())
        self.assertEqual(schema["meta"]["svc"]["input"]["x"], {"dataType": "other"})
        example = schema["example"]
        self.assertEqual(
            example["payload"]["x"], {"datatype": "INT16", "shape": "[1, 2]", "status": 3, "other": "AQACAA=="}
        )
        self.assertEqual(example["parameter"]["svc"], {"y": {}})
        self.assertEqual(split_elements(Request.names.test_value, 1, "names"), [b""])


SUM = """
class UserRequest:
    a = TensorField("a", "INT32", [-1])
    b = TensorField("b", "INT32", [-1], optional=True)

class UserResponse:
    sum = TensorField("sum", "INT32", [-1])

class Wrapper(Base):
    requestCls = UserRequest()
    responseCls = UserResponse()
    def wrapperOnceExec(self, params, reqData):
        b = reqData.get("b")
        total = reqData.get("a").numpy() + (0 if b is None else b.numpy())
        response = Response().tensor("sum", total)
        response.usage = Usage(3, 4)
        return response
"""


def tensor(key, numbers):
    return {
        "key": key,
        "type": 4,
        "status": 3,
        "data": struct.pack(f"<{len(numbers)}i", *numbers),
        "tensor": {"datatype": "INT32", "shape": [len(numbers)]},
    }


def request(id, *payloads, method=""):
    """A once message with these payloads."""
    return {"id": id, "once": {"sid": f"sid-{id}", "params": {}, "payloads": payloads, "method": method}}


class WireTest(unittest.TestCase):
    def test_protocol_2_carries_tensors_both_ways_and_tells_of_them_and_of_usage(self):
        with plugin(SUM) as running:
            run = Run(running)
            abilities = run.init.capabilities
            specs = [(spec.name, spec.datatype, list(spec.shape), spec.optional) for spec in abilities.inputs]
            self.assertEqual(specs, [("a", "INT32", [-1], False), ("b", "INT32", [-1], True)])
            self.assertEqual([spec.name for spec in abilities.outputs], ["sum"])
            run.send(request(1, tensor("a", [1, 2]), tensor("b", [10, 20])))
            result = run.result(1)
            (payload,) = result.payloads
            self.assertEqual((payload.tensor.datatype, list(payload.tensor.shape)), ("INT32", [2]))
            self.assertEqual(struct.unpack("<2i", payload.data), (11, 22))
            self.assertEqual((result.usage.input, result.usage.output), (3, 4))

    def test_the_plain_call_refuses_what_is_not_declared(self):
        wrong = {**tensor("a", [1]), "tensor": {"datatype": "FP32", "shape": [1]}}
        with plugin(SUM) as running:
            run = Run(running)
            run.send(request(1, wrong), request(2, tensor("b", [1])))
            self.assertEqual(run.result(1).message, "tensor 'a' must be INT32 [-1]; it is FP32 [1]")
            self.assertEqual(run.result(2).message, "tensor 'a' is missing; wrapperOnceExec takes INT32 [-1]")
            self.assertTrue(run.result(1).invalid_input and run.result(2).invalid_input)

    def test_what_the_wrapper_gives_has_to_be_what_it_declares(self):
        gives = {
            "total.astype('i8')": r"TensorError: tensor 'sum' must be INT32 [-1]; it is INT64 [1]",
            "total.reshape(1, 1)": r"TensorError: tensor 'sum' must be INT32 [-1]; it is INT32 [1, 1]",
        }
        for value, text in gives.items():
            with self.subTest(value), plugin(SUM.replace('"sum", total', f'"sum", {value}')) as running:
                run = Run(running)
                run.send(request(1, tensor("a", [1])))
                self.assertEqual(run.result(1).message, text)

    def test_bytes_for_a_declared_output_are_that_tensor(self):
        source = SUM.replace('Response().tensor("sum", total)', "Response()").replace(
            "        return response", '        response.list = [ResponseData("sum", total)]\n        return response'
        )
        with plugin(source) as running:
            run = Run(running)
            run.send(request(1, tensor("a", [1, 2])))
            (payload,) = run.result(1).payloads
            self.assertEqual((payload.tensor.datatype, list(payload.tensor.shape)), ("INT32", [2]))

    def test_a_text_beside_tensors_may_come_as_a_tensor_with_one_element(self):
        source = SUM.replace("class UserResponse", '    note = StringBodyField("note")\n\nclass UserResponse').replace(
            "        return response", '        assert reqData.get("note").data == b"hi"\n        return response'
        )
        note = {"key": "note", "data": b"\x02\0\0\0hi", "tensor": {"datatype": "BYTES", "shape": [1]}}
        with plugin(source) as running:
            run = Run(running)
            self.assertIn(("note", "BYTES"), [(spec.name, spec.datatype) for spec in run.init.capabilities.inputs])
            for id, payload in enumerate((note, {"key": "note", "data": b"hi"}), 1):
                run.send(request(id, tensor("a", [1]), payload))
                self.assertEqual(run.result(id).message, "")

    def test_protocol_1_describes_tensors_by_attributes(self):
        with plugin(SUM, "1") as running:
            host = Host(running)
            host.init()
            data, description = struct.pack("<i", 5), {"datatype": "INT32", "shape": "[1]"}
            payload = {"key": "a", "type": 4, "status": 3, "data": data, "desc": description}
            host.call("wrapperOnceExec", message("aiges.Request")(tag="t", list=[payload]), "Response")
            (answer,) = host.result().list
            self.assertEqual((dict(answer.desc), answer.data), (description, data))


if __name__ == "__main__":
    unittest.main()
