"""The schema that fields make."""

import base64
import json
import os
import pathlib
import tempfile
import unittest

from aiges.fields import AudioBodyField, ImageBodyField, JsonBodyField, StringBodyField, image_encoding
from aiges.param_fields import BooleanParamField, IntegerParamField, NumberParamField, StringParamField
from aiges.project import TEMPLATE
from aiges.sdk import WrapperBase

PNG = TEMPLATE / "wrapper" / "test_data" / "test.png"


class Result:
    accept = StringBodyField(key="result")


def schema_of(**attributes):
    cls = type("Wrapper", (WrapperBase,), {"serviceId": "svc", "responseCls": Result(), **attributes})
    return json.loads(cls().schema())


def fields(**attributes):
    return type("Request", (), attributes)()


class SchemaTest(unittest.TestCase):
    def test_meta_names_the_service_and_its_inputs_and_outputs(self):
        request = fields(a=ImageBodyField(key="img", path=str(PNG)), b=AudioBodyField(key="wav"))
        meta = schema_of(requestCls=request, version="v2")["meta"]
        self.assertEqual(meta["serviceId"], "svc")
        self.assertEqual(meta["service"], ["svc"])
        self.assertEqual(meta["version"], "v2")
        self.assertEqual(meta["route"], "/v1/private/svc")
        self.assertEqual(
            meta["svc"],
            {
                "input": {"img": {"dataType": "image"}, "wav": {"dataType": "audio"}},
                "accept": {"result": {"dataType": "text"}},
            },
        )

    def test_the_route_may_be_a_list(self):
        self.assertEqual(schema_of(route=["/a", "/b"])["meta"]["route"], ["/a", "/b"])

    def test_parameters_carry_their_rules(self):
        request = fields(
            a=StringParamField(key="s", maxLength=5, minLength=2, required=True),
            b=StringParamField(key="e", enums=["x", "y"], value="y"),
            c=NumberParamField(key="n", minimum=1, maximum=2.5, value=1.5),
            d=IntegerParamField(key="i", enums=[1, 2], value=7),
            e=BooleanParamField(key="b", default=True, title="a switch"),
        )
        parameters = schema_of(requestCls=request)["schemainput"]["properties"]["parameter"]["properties"]["svc"]
        self.assertEqual(parameters["required"], ["s"])
        properties = parameters["properties"]
        self.assertEqual(properties["s"], {"type": "string", "minLength": 2, "maxLength": 5})
        self.assertEqual(properties["e"], {"type": "string", "enum": ["x", "y"], "default": "y"})
        self.assertEqual(properties["n"], {"type": "number", "minimum": 1, "maximum": 2.5, "default": 1.5})
        self.assertEqual(properties["i"], {"type": "integer", "enum": [1, 2]})
        self.assertEqual(properties["b"], {"type": "boolean", "default": True, "title": "a switch"})
        self.assertEqual(properties["result"]["properties"]["encoding"]["default"], "utf8")

    def test_payloads_have_attributes_and_their_data_key(self):
        request = fields(a=ImageBodyField(key="img"), b=JsonBodyField(key="doc"))
        payload = schema_of(requestCls=request)["schemainput"]["properties"]["payload"]["properties"]
        self.assertEqual(payload["img"]["properties"]["image"]["type"], "string")
        self.assertIn("png", payload["img"]["properties"]["encoding"]["enum"])
        self.assertEqual(payload["doc"]["properties"]["text"]["anyOf"][1], {"type": "object"})

    def test_no_header_key_is_required(self):
        schema = schema_of()["schemainput"]
        self.assertNotIn("required", schema)
        self.assertNotIn("required", schema["properties"]["header"])

    def test_the_example_is_a_complete_request(self):
        request = fields(
            a=ImageBodyField(key="img", path=str(PNG), encoding="jpg"),
            b=StringBodyField(key="txt", value="识别"),
            c=StringParamField(key="e", enums=["x", "y"], value="nothing", required=True),
            d=StringParamField(key="unset"),
            e=StringParamField(key="long", minLength=3, required=True),
            f=NumberParamField(key="n", minimum=5, value=1),
        )
        self.assertEqual(
            schema_of(requestCls=request)["example"],
            {
                "header": {"appid": "123456", "status": 3},
                "parameter": {
                    "svc": {
                        "result": {"encoding": "utf8", "compress": "raw", "format": "plain"},
                        "e": "x",
                        "long": "xxx",
                        "n": 5,
                    }
                },
                "payload": {
                    "img": {
                        "encoding": "png",
                        "status": 3,
                        "image": base64.b64encode(PNG.read_bytes()).decode(),
                    },
                    "txt": {
                        "encoding": "utf8",
                        "compress": "raw",
                        "format": "plain",
                        "status": 3,
                        "text": base64.b64encode("识别".encode()).decode(),
                    },
                },
            },
        )

    def test_there_is_no_example_when_a_file_is_missing_or_the_data_is_large(self):
        missing = fields(a=ImageBodyField(key="img", path="no/such.png"))
        self.assertNotIn("example", schema_of(requestCls=missing))
        large = fields(a=StringBodyField(key="txt", value=bytes(800 << 10)))
        self.assertNotIn("example", schema_of(requestCls=large))

    def test_test_files_are_found_beside_the_wrapper_and_in_the_working_directory(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name).resolve()
            (folder / "a.bin").write_bytes(b"beside")
            field = AudioBodyField(key="a", path="a.bin")
            with self.assertRaises(FileNotFoundError):
                field.resolved_path()
            field.base_dir = name
            self.assertEqual(field.test_value, b"beside")
            here = os.getcwd()
            os.chdir(folder)
            try:
                self.assertEqual(AudioBodyField(key="a", path="a.bin").test_value, b"beside")
            finally:
                os.chdir(here)

    def test_the_encoding_of_a_picture_is_read_from_its_bytes_before_its_name(self):
        cases = [
            (b"\x89PNG\r\n\x1a\n", "a.jpg", "png"),
            (b"\xff\xd8\xff\xe0", "a", "jpg"),
            (b"BM", "a", "bmp"),
            (b"RIFF0000WEBP", "a", "webp"),
            (b"", "a.JPEG", "jpeg"),
            (b"", "a.xyz", ""),
        ]
        for head, path, encoding in cases:
            self.assertEqual(image_encoding(head, path), encoding)


if __name__ == "__main__":
    unittest.main()
