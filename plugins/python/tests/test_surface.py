"""What old wrappers import and do, and the signatures that they have."""

import importlib
import unittest

from aiges.dto import DataListCls, DataListNode, Response, ResponseData, data_to_bytes
from aiges.loader import LoadedWrapper, WrapperFailure
from aiges.schema import declared_fields
from aiges.sdk import ImageBodyField, WrapperBase
from aiges.signature import SignatureError, adapt

NAMES = {
    "aiges.sdk": "WrapperBase ImageBodyField StringBodyField AudioBodyField JsonBodyField StringParamField"
    " NumberParamField IntegerParamField BooleanParamField SessionManager log DataText callback",
    "aiges.dto": "Response ResponseData DataListNode DataListCls SessionCreateResponse callback init_rq DataAudio",
    "aiges.core.types": "DataText DataAudio DataImage DataVideo DataBegin DataContinue DataEnd DataOnce Once STRING"
    " AUDIO IMAGE VIDEO THREAD_MODE PROCESS_MODE Types Status",
    "aiges.types": "DataText DataOnce Once STRING THREAD_MODE",
    "aiges.stream": "SessionManager StreamHandleThread",
    "aiges.utils.log": "log getFileLogger getLogger",
    "aiges.callback": "callback callback_impl",
    "aiges.errors": "OK INIT_ERROR USER_INIT_ERROR USER_EXEC_ERROR",
}


class ImportTest(unittest.TestCase):
    def test_every_name_that_wrappers_import_is_there(self):
        for module, names in NAMES.items():
            for name in names.split():
                with self.subTest(f"{module}.{name}"):
                    self.assertTrue(hasattr(importlib.import_module(module), name))

    def test_star_imports_and_the_embed_try_import_work(self):
        source = """
from aiges.types import *
from aiges.sdk import *
try:
    from aiges_embed import ResponseData, Response, DataListNode, DataListCls, SessionCreateResponse, callback
except:
    from aiges.dto import Response, ResponseData, DataListNode, DataListCls, SessionCreateResponse, callback
"""
        names = {}
        exec(source, names)
        self.assertEqual((names["Once"], names["DataImage"], names["IMAGE"]), (3, 2, 2))


class ResponseDataTest(unittest.TestCase):
    def test_data_may_be_set_in_every_way_that_wrappers_use(self):
        class Array:
            def tobytes(self):
                return b"\x01\x02"

        values = ["é", b"ab", bytearray(b"ab"), memoryview(b"ab"), Array()]
        self.assertEqual([data_to_bytes(v) for v in values], ["é".encode(), b"ab", b"ab", b"ab", b"\x01\x02"])
        node = ResponseData()
        node.setData("é")
        self.assertEqual(node.len, 2)
        node.data = b"abc"
        self.assertEqual(node.len, 3)
        node.len = 99
        self.assertEqual(node.len, 99)

    def test_an_unknown_data_type_is_refused(self):
        with self.assertRaises(ValueError):
            ResponseData().setDataType(9)

    def test_response_err_returns_the_response(self):
        response = Response()
        self.assertIs(response.response_err(7), response)
        self.assertEqual(response.error_code, 7)

    def test_a_request_is_found_by_key(self):
        node = DataListNode("a", b"x", desc={"encoding": "png"})
        request = DataListCls([node])
        self.assertIs(request.get("a"), node)
        self.assertIsNone(request.get("b"))
        self.assertEqual((node.len, node.desc), (1, {"encoding": "png"}))

    def test_to_json_shows_text(self):
        response = Response()
        response.list[0].data = "识别"
        self.assertIn("识别", response.toJSON())


class SignatureTest(unittest.TestCase):
    def seen(self, function, required=("params", "reqData"), optional=("usrTag", "persId")):
        values = {"params": "P", "reqData": "R", "usrTag": "T", "persId": 0, "handle": "H", "sid": "S"}
        return adapt(function, required, optional)(*[values[name] for name in (*required, *optional)])

    def test_each_signature_gets_what_it_takes(self):
        cases = [
            (lambda params, reqData: (params, reqData), ("P", "R")),
            (lambda p, r, usrTag: (p, r, usrTag), ("P", "R", "T")),
            (lambda p, r, usrTag="", persId=5: (p, r, usrTag, persId), ("P", "R", "T", 0)),
            (lambda p, r, persId: (p, r, persId), ("P", "R", 0)),
            (lambda p, r, persId, userTag: (p, r, persId, userTag), ("P", "R", 0, "T")),
            (lambda p, r, anything: (p, r, anything), ("P", "R", "T")),
            (lambda p, r, own=1: (p, r, own), ("P", "R", 1)),
            (lambda p, r, own=1, usrTag=2: (p, r, own, usrTag), ("P", "R", 1, "T")),
            (lambda *args: args, ("P", "R", "T", 0)),
            (lambda p, r, *args: (p, r, *args), ("P", "R", "T", 0)),
            (lambda p, r, **kwargs: (p, r, kwargs), ("P", "R", {"usrTag": "T", "persId": 0})),
            (lambda *, reqData, params, persId: (params, reqData, persId), ("P", "R", 0)),
            (lambda **kwargs: kwargs, {"params": "P", "reqData": "R", "usrTag": "T", "persId": 0}),
        ]
        for number, (function, expected) in enumerate(cases):
            with self.subTest(number):
                self.assertEqual(self.seen(function), expected)

    def test_sessions_take_their_variants(self):
        create = (("params", "sid"), ("persId", "usrTag"))
        self.assertEqual(self.seen(lambda params, sid: (params, sid), *create), ("P", "S"))
        self.assertEqual(self.seen(lambda params, sid, userTag: userTag, *create), "T")
        self.assertEqual(self.seen(lambda params, sid, persId=9: persId, *create), 0)
        self.assertEqual(self.seen(lambda h, req: h, ("handle", "reqData"), ("sid",)), "H")
        self.assertEqual(self.seen(lambda h, req, sid: sid, ("handle", "reqData"), ("sid",)), "S")

    def test_a_signature_that_cannot_be_served_is_refused(self):
        for function in (lambda: 0, lambda params: 0, lambda p, r, a, b, c: 0, lambda *, params: 0):
            with self.assertRaises(SignatureError):
                adapt(function, ("params", "reqData"), ("usrTag", "persId"))


class WrapperTest(unittest.TestCase):
    def test_every_wrapper_has_sessions_even_when_its_constructor_does_not_call_ours(self):
        class Own(WrapperBase):
            def __init__(self, legacy=True):
                self.legacy = legacy

        self.assertTrue(hasattr(Own().session, "init_handle_pool"))

    def test_fields_come_from_classes_and_instances(self):
        class Request:
            first = ImageBodyField(key="a")

            def __init__(self):
                self.second = ImageBodyField(key="b")

        self.assertEqual([f.key for f in declared_fields(Request())], ["a", "b"])
        self.assertEqual([f.key for f in declared_fields(Request)], ["a"])

    def test_a_wrapper_has_a_plain_call_when_it_defines_one(self):
        for name, has in (("wrapperOnceExec", True), ("wrapperBatchExec", True), ("wrapperStream", False)):
            cls = type("Wrapper", (WrapperBase,), {name: lambda self, a, b=None: None})
            with self.subTest(name):
                self.assertEqual(LoadedWrapper(cls()).once is not None, has)

    def test_a_class_that_is_no_wrapper_is_refused(self):
        with self.assertRaises(WrapperFailure) as caught:
            LoadedWrapper(object())
        self.assertEqual(caught.exception.code, 30001)


if __name__ == "__main__":
    unittest.main()
