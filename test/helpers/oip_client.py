"""Drives a daemon with tritonclient as it is published. Arguments: HTTP address, gRPC address, admin token, tests.

The daemon has the models `sums` and `echo` (versions 1 and 2) of test/helpers/wrappers, and `mnist`.
"""
import asyncio
import functools
import queue
import sys
import unittest
from pathlib import Path

import ml_dtypes
import numpy
import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

HTTP, GRPC, TOKEN = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
SEVEN = Path(__file__).parents[2] / "examples/mnist/wrapper/test_data/7.png"

ARRAYS = {
    "BOOL": numpy.array([[True], [False]]),
    "UINT8": numpy.array([0, 255], "u1"),
    "UINT16": numpy.array([0, 65535], "u2"),
    "UINT32": numpy.array([0, 2**32 - 1], "u4"),
    "UINT64": numpy.array([0, 2**64 - 1], "u8"),
    "INT8": numpy.array([-128, 127], "i1"),
    "INT16": numpy.array([-(2**15), 2**15 - 1], "i2"),
    "INT32": numpy.array([-(2**31), 2**31 - 1], "i4"),
    "INT64": numpy.array([[-(2**63)], [2**63 - 1]], "i8"),
    "FP16": numpy.array([[0.5, -65504]], "f2"),
    "FP32": numpy.array([0.1, -3.4e38], "f4"),
    "FP64": numpy.array([0.1, 1e300]),
    "BYTES": numpy.array([["a", "b"], ["", "数"]], dtype=object),
}


class Common:
    """What both transports are asked. `api` is the module, `connect` makes a client."""

    def setUp(self):
        self.client = self.connect()
        self.addCleanup(self.client.close)

    def tensor(self, name, array, **how):
        datatype = tritonclient.utils.np_to_triton_dtype(array.dtype)
        tensor = self.api.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array, **how)
        return tensor

    def ab(self):
        return [self.tensor("a", numpy.array([5, 6], "i4")), self.tensor("b", numpy.array([1, 10], "i4"))]

    def assert_same(self, array, expected):
        self.assertEqual(array.shape, expected.shape)
        if expected.dtype == object:
            array = numpy.array([element.decode() if isinstance(element, bytes) else element for element in array.flat])
            array = array.reshape(expected.shape)
        else:
            self.assertEqual(array.dtype, expected.dtype)
        self.assertTrue((array == expected).all(), (array, expected))

    def test_health(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("sums"))
        self.assertTrue(self.client.is_model_ready("echo", "1"))
        self.assertFalse(self.client.is_model_ready("echo", "7"))
        self.assertFalse(self.client.is_model_ready("nobody"))

    def test_metadata_and_configuration(self):
        server = self.client.get_server_metadata(**self.as_json)
        self.assertEqual(server["name"], "aiservice")
        self.assertIn("binary_tensor_data", server["extensions"])
        model = self.client.get_model_metadata("echo", **self.as_json)
        self.assertEqual(model["versions"], ["2", "1"])
        shown = self.client.get_model_metadata("sums", **self.as_json)
        self.assertEqual([(x["name"], x["datatype"]) for x in shown["inputs"]], [("a", "INT32"), ("b", "INT32")])
        config = self.client.get_model_config("sums", **self.as_json)
        config = config.get("config", config)
        self.assertEqual(config["input"][0]["data_type"], "TYPE_INT32")
        self.assertTrue(config["model_transaction_policy"]["decoupled"])

    def test_inference_by_name_and_version(self):
        for version in ("", "1", "2"):
            result = self.client.infer("echo", [self.tensor("x", numpy.array([1.5]))], model_version=version)
            self.assert_same(result.as_numpy("x"), numpy.array([1.5]))
            self.assertEqual(result.get_response(**self.as_json)["model_version"], version or "2")

    def test_outputs_that_were_asked_for(self):
        outputs = [self.api.InferRequestedOutput("difference")]
        result = self.client.infer("sums", self.ab(), outputs=outputs, request_id="r-1")
        self.assertEqual(result.as_numpy("difference").tolist(), [4, -4])
        self.assertIsNone(result.as_numpy("sum"))
        self.assertEqual(result.get_response(**self.as_json)["id"], "r-1")

    def test_every_datatype(self):
        for datatype, array in ARRAYS.items():
            with self.subTest(datatype):
                result = self.client.infer("echo", [self.tensor("x", array)])
                self.assert_same(result.as_numpy("x"), array)

    def test_bf16(self):
        array = numpy.array([1.5, -2], ml_dtypes.bfloat16)
        self.assert_same(self.client.infer("echo", [self.tensor("x", array)]).as_numpy("x"), array)

    def test_what_json_cannot_hold(self):
        array = numpy.array([numpy.nan, numpy.inf], "f4")
        result = self.client.infer("echo", [self.tensor("x", array)]).as_numpy("x")
        self.assertEqual([str(x) for x in result], ["nan", "inf"])
        raw = numpy.array([b"\xff\x00"], dtype=object)
        self.assertEqual(self.client.infer("echo", [self.tensor("x", raw)]).as_numpy("x").tolist(), [b"\xff\x00"])

    def test_parameters_reach_the_wrapper(self):
        parameters = {"beam": 2, "kind": "quick", "on": True}
        result = self.client.infer("echo", [self.tensor("x", numpy.array([1]))], parameters=parameters)
        self.assertEqual(result.as_numpy("params").tolist(), [b'{"beam": "2", "kind": "quick", "on": "true"}'])

    def test_a_method(self):
        x = self.tensor("x", numpy.array([[1, 2]], "f4"))
        result = self.client.infer("sums", [x], parameters={"method": "double"})
        self.assertEqual(result.as_numpy("y").tolist(), [[2, 4]])

    def test_a_picture(self):
        picture = self.tensor("img", numpy.array([SEVEN.read_bytes()], dtype=object))
        result = self.client.infer("mnist", [picture])
        self.assertIn("7", result.as_numpy("result")[0].decode())

    def test_a_large_tensor(self):
        array = numpy.random.default_rng(1).random((3, 512, 512), "f4")
        self.assert_same(self.client.infer("echo", [self.tensor("x", array)]).as_numpy("x"), array)

    def test_statistics(self):
        before, after = [self.statistics(infer) for infer in (False, True)]
        self.assertEqual(after[0] - before[0], 1)
        self.assertGreater(after[1], before[1])

    def statistics(self, infer):
        if infer:
            self.client.infer("sums", self.ab())
        found = self.client.get_inference_statistics("sums", **self.as_json)["model_stats"][0]
        self.assertEqual((found["name"], found["version"]), ("sums", "1"))
        success = found["inference_stats"]["success"]
        return int(success.get("count", 0)), int(success.get("ns", 0))

    def test_index_load_and_unload(self):
        headers = {"authorization": "Bearer " + TOKEN}
        with self.assertRaises(InferenceServerException) as refused:
            self.client.unload_model("spare")
        self.assertIn("Authorization: Bearer", str(refused.exception))
        self.client.unload_model("spare", headers=headers)
        self.assertFalse(self.client.is_model_ready("spare"))
        self.assertEqual(self.state("spare")["state"], "UNAVAILABLE")
        self.client.load_model("spare", headers=headers)
        self.assertTrue(self.client.is_model_ready("spare"))
        self.assertEqual(self.state("spare")["state"], "READY")

    def state(self, name):
        index = self.client.get_model_repository_index(**self.as_json)
        index = index["models"] if isinstance(index, dict) else index
        return next(model for model in index if model["name"] == name)

    def test_errors(self):
        a = self.tensor("a", numpy.array([1], "i4"))
        cases = [
            ("NOT_FOUND", 404, "nobody", [a], {}, "nobody"),
            ("NOT_FOUND", 404, "sums", [a], {"model_version": "9"}, "9"),
            ("NOT_FOUND", 404, "sums", [a], {"parameters": {"method": "halve"}}, "halve"),
            ("INVALID_ARGUMENT", 400, "sums", [self.tensor("a", numpy.array([1.5]))], {}, "takes INT32"),
            ("INVALID_ARGUMENT", 400, "sums", [a, self.tensor("c", numpy.array([1]))], {}, "there is a, b"),
            ("INVALID_ARGUMENT", 400, "sums", [a, a], {}, "twice"),
            ("INTERNAL", 500, "sums", [a], {"parameters": {"fault": "yes"}}, "the engine failed"),
            ("UNIMPLEMENTED", 400, "sums", [a], {"outputs": [self.api.InferRequestedOutput("sum", class_count=2)]}, "class"),
        ]
        for grpc_status, http_status, model, inputs, more, text in cases:
            with self.subTest(text), self.assertRaises(InferenceServerException) as failed:
                self.client.infer(model, inputs, **more)
            self.assertIn(text, failed.exception.message())
            self.assertIn(failed.exception.status(), ("StatusCode." + grpc_status, str(http_status)))


class HttpTest(Common, unittest.TestCase):
    api = tritonclient.http
    as_json = {}

    def connect(self):
        return tritonclient.http.InferenceServerClient(HTTP, concurrency=4)

    def test_every_datatype_in_json(self):
        outputs = [self.api.InferRequestedOutput("x", binary_data=False)]
        for datatype, array in ARRAYS.items():
            # The client has no FP16 in JSON.
            if datatype == "FP16":
                continue
            with self.subTest(datatype):
                result = self.client.infer("echo", [self.tensor("x", array, binary_data=False)], outputs=outputs)
                self.assertNotIn("parameters", result.get_output("x"))
                self.assert_same(result.as_numpy("x"), array)

    def test_compressed(self):
        for algorithm in ("gzip", "deflate"):
            how = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
            self.assertEqual(self.client.infer("sums", self.ab(), **how).as_numpy("sum").tolist(), [6, 16])

    def test_many_at_a_time(self):
        waiting = [self.client.async_infer("sums", self.ab()) for _ in range(8)]
        self.assertEqual([request.get_result().as_numpy("sum").tolist() for request in waiting], [[6, 16]] * 8)

    def test_aio(self):
        async def run():
            async with tritonclient.http.aio.InferenceServerClient(HTTP) as client:
                self.assertTrue(await client.is_model_ready("sums"))
                results = await asyncio.gather(*[client.infer("sums", self.ab()) for _ in range(4)])
                with self.assertRaises(InferenceServerException):
                    await client.infer("nobody", self.ab())
                return [result.as_numpy("sum").tolist() for result in results]

        self.assertEqual(asyncio.run(run()), [[6, 16]] * 4)


class GrpcTest(Common, unittest.TestCase):
    api = tritonclient.grpc
    as_json = {"as_json": True}

    def connect(self):
        return tritonclient.grpc.InferenceServerClient(GRPC)

    def test_many_at_a_time(self):
        done = queue.Queue()
        for _ in range(8):
            self.client.async_infer("sums", self.ab(), lambda result, error: done.put((result, error)))
        for _ in range(8):
            result, error = done.get(timeout=30)
            self.assertIsNone(error)
            self.assertEqual(result.as_numpy("sum").tolist(), [6, 16])

    def test_a_deadline(self):
        with self.assertRaises(InferenceServerException) as late:
            self.client.infer("sums", self.ab(), client_timeout=0.000001)
        self.assertEqual(late.exception.status(), "StatusCode.DEADLINE_EXCEEDED")

    def count(self, n):
        return [self.tensor("n", numpy.array([n], "i4"))]

    def stream(self, *requests):
        """What comes of some requests: id, number, whether it is the last one, or the error."""
        done = queue.Queue()
        self.client.start_stream(lambda result, error: done.put((result, error)))
        for id, (inputs, how) in enumerate(requests, 1):
            self.client.async_stream_infer("sums", inputs, request_id=str(id), **how)
        self.client.stop_stream()
        return [done.get_nowait() for _ in range(done.qsize())]

    def test_a_stream(self):
        method = {"parameters": {"method": "count"}}
        answers = self.stream((self.count(3), method), (self.ab(), {}), (self.count(1), method))
        shown = []
        for result, error in answers:
            self.assertIsNone(error)
            response = result.get_response()
            name = response.outputs[0].name
            final = response.parameters["triton_final_response"].bool_param
            shown.append((response.id, result.as_numpy(name).tolist(), final))
        self.assertEqual([row[:2] for row in shown], [("1", [0]), ("1", [1]), ("1", [2]), ("2", [6, 16]), ("3", [0])])
        self.assertTrue(all(not final for id, _, final in shown[:2]))

    def test_a_stream_that_marks_its_end(self):
        how = {"parameters": {"method": "count"}, "enable_empty_final_response": True}
        answers = [result.get_response() for result, _ in self.stream((self.count(2), how))]
        finals = [answer.parameters["triton_final_response"].bool_param for answer in answers]
        self.assertEqual((finals.count(True), finals[-1]), (1, True))
        self.assertEqual(sum(len(answer.outputs) for answer in answers), 2)

    def test_a_stream_goes_on_after_an_error(self):
        wrong = [self.tensor("a", numpy.array([1.5]))]
        (first, error), (second, none) = self.stream((wrong, {}), (self.ab(), {}))
        self.assertIn("takes INT32", error.message())
        self.assertIsNone(none)
        self.assertEqual(second.as_numpy("sum").tolist(), [6, 16])

    def test_what_is_not_there(self):
        for call in (
            self.client.get_system_shared_memory_status,
            self.client.get_cuda_shared_memory_status,
            functools.partial(self.client.register_system_shared_memory, "r", "/r", 8),
            self.client.get_trace_settings,
            self.client.get_log_settings,
        ):
            with self.assertRaises(InferenceServerException) as refused:
                call()
            self.assertEqual(refused.exception.status(), "StatusCode.UNIMPLEMENTED")
            self.assertRegex(refused.exception.message(), "not there|is set by")

    def test_aio(self):
        async def requests():
            for id in ("1", "2"):
                yield {"model_name": "sums", "inputs": self.ab(), "request_id": id}

        async def run():
            async with tritonclient.grpc.aio.InferenceServerClient(GRPC) as client:
                self.assertTrue(await client.is_model_ready("sums"))
                whole = await client.infer("sums", self.ab())
                streamed = [result.as_numpy("sum").tolist() async for result, _ in client.stream_infer(requests())]
                return [whole.as_numpy("sum").tolist(), *streamed]

        self.assertEqual(asyncio.run(run()), [[6, 16]] * 3)


if __name__ == "__main__":
    unittest.main()
