"""Tests of the wrapper alone, without a daemon.

PYTHONPATH=../../plugins/python python -m unittest -v        # in this folder; any other `aiges` will do, too
"""

import base64
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

EXAMPLE = Path(__file__).resolve().parent
PICTURES = EXAMPLE / "wrapper" / "test_data"
sys.path.insert(0, str(EXAMPLE / "wrapper"))

import numpy as np  # noqa: E402
from aiges.dto import DataListCls, DataListNode  # noqa: E402
from PIL import Image  # noqa: E402

import wrapper as module  # noqa: E402


def png(pixels) -> bytes:
    return encoded(pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels), "PNG", compress_level=1)


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def enlarged(image: np.ndarray, side: int) -> Image.Image:
    return Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)


class WrapperTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        held_out = np.load(EXAMPLE / "test_data" / "held_out.npz")
        cls.images, cls.labels = held_out["images"], held_out["labels"]
        cls.wrapper = module.Wrapper()
        assert cls.wrapper.wrapperInit({}) == 0

    def call(self, data: bytes, key: str = "img"):
        node = DataListNode()
        node.key = key
        node.data = data
        request = DataListCls()
        request.list = [node]
        return self.wrapper.wrapperOnceExec({}, request)

    def digit(self, data: bytes) -> int:
        response = self.call(data)
        self.assertEqual(response.error_code, 0, self.wrapper.wrapperError(response.error_code))
        return json.loads(bytes(response.list[0].data))["result"]

    def accuracy(self, draw, every: int = 1) -> float:
        """Share of the held-out digits that the wrapper recognises after `draw` made an encoded picture of each."""
        right = [self.digit(draw(i)) == label for i, label in zip(self.images[::every], self.labels[::every])]
        return sum(right) / len(right)


class Accuracy(WrapperTest):
    def test_the_test_data_are_2000_digits_of_all_ten_kinds(self):
        self.assertEqual(self.images.shape, (2000, 28, 28))
        self.assertGreater(np.bincount(self.labels, minlength=10).min(), 150)

    def test_the_model_alone_recognises_985_of_1000_held_out_digits(self):
        scores = self.wrapper.model.run(["scores"], {"image": self.images[:, None] / np.float32(255)})[0]
        share = (scores.argmax(1) == self.labels).mean()
        print(f"model alone: {share:.2%}", file=sys.stderr)
        self.assertGreaterEqual(share, 0.985)

    def test_the_wrapper_recognises_985_of_1000_held_out_digits_sent_as_png(self):
        share = self.accuracy(png)
        print(f"through the wrapper: {share:.2%}", file=sys.stderr)
        self.assertGreaterEqual(share, 0.985)


class Pictures(WrapperTest):
    """The same digits, drawn as callers send them; a fifth of them is enough to see a broken path."""

    def check(self, draw, least: float = 0.97):
        self.assertGreaterEqual(self.accuracy(draw, every=5), least)

    def test_recognises_every_test_picture(self):
        files = sorted(PICTURES.iterdir())
        self.assertEqual([file.name[0] for file in files], list("0123456789"))
        for file in files:
            with self.subTest(file.name):
                self.assertEqual(self.digit(file.read_bytes()), int(file.name[0]))

    def test_takes_black_on_white(self):
        self.check(lambda image: png(255 - image))

    def test_takes_any_size(self):
        for side in (20, 64, 225, 700):
            with self.subTest(side=side):
                self.check(lambda image, side=side: png(enlarged(image, side)))

    def test_takes_a_digit_anywhere_in_a_wide_picture(self):
        def draw(image):
            page = np.full((240, 700), 255, dtype=np.uint8)
            page[150:206, 30:86] -= np.asarray(enlarged(image, 56))
            return png(page)

        self.check(draw)

    def test_takes_a_digit_that_fills_the_picture(self):
        def draw(image):
            rows, columns = np.flatnonzero(image.max(1) > 60), np.flatnonzero(image.max(0) > 60)
            crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            return png(255 - np.pad(crop, 1))

        self.check(draw, 0.95)

    def test_takes_colour_as_jpeg(self):
        def draw(image):
            share = np.asarray(enlarged(image, 112), dtype=np.float32)[..., None] / 255
            colours = share * (40, 160, 60) + (1 - share) * (250, 220, 120)
            return encoded(Image.fromarray(colours.astype(np.uint8)), "JPEG", quality=70)

        self.check(draw)

    def test_takes_transparent_grounds_under_dark_and_light_ink(self):
        for ink in (0, 255):
            with self.subTest(ink=ink):
                self.check(lambda image, ink=ink: png(np.dstack([np.full((28, 28, 3), ink, np.uint8), image])))

    def test_ignores_a_frame_specks_and_noise(self):
        rng = np.random.default_rng(3)

        def draw(image):
            page = np.pad(np.asarray(enlarged(image, 140)), 30).astype(np.float32)
            page[:2], page[-2:], page[:, :2], page[:, -2:] = 200, 200, 200, 200
            page[12:15, 180:183] = 255
            return png(np.clip(230 - 0.8 * page + rng.normal(0, 6, page.shape), 0, 255).astype(np.uint8))

        self.check(draw)

    def test_takes_a_page_that_is_lit_from_one_side(self):
        light = np.linspace(240, 110, 168)[None, :]
        self.check(lambda image: png((light * (1 - 0.8 / 255 * np.asarray(enlarged(image, 168)))).astype(np.uint8)))

    def test_takes_every_pixel_format(self):
        image = enlarged(self.images[self.labels == 3][0], 84)
        sixteen_bits = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
        pictures = {
            "1-bit": png(image.convert("1", dither=Image.Dither.NONE)),
            "16-bit": png(sixteen_bits),
            "grey and alpha": png(image.convert("LA")),
            "palette": png(image.convert("RGB").convert("P")),
            "RGBA": png(image.convert("RGBA")),
            "CMYK": encoded(image.convert("CMYK"), "JPEG"),
            "bitmap": encoded(image.convert("RGB"), "BMP"),
        }
        for name, data in pictures.items():
            with self.subTest(name):
                self.assertEqual(self.digit(data), 3)

    def test_turns_a_photo_upright_as_its_exif_says(self):
        image = enlarged(self.images[self.labels == 7][0], 84)
        exif = Image.Exif()
        exif[0x0112] = 6  # turn by 90 degrees clockwise to look at it
        lying = image.transpose(Image.Transpose.ROTATE_90)
        self.assertEqual(self.digit(encoded(lying, "JPEG", exif=exif)), 7)


class Answers(WrapperTest):
    def test_answers_the_documented_request_as_documented(self):
        request = json.loads((EXAMPLE / "request.json").read_text(encoding="utf-8"))
        response = self.call(base64.b64decode(request["payload"]["img"]["image"]))
        output = response.list[0]
        self.assertEqual((output.key, output.type, output.status), ("result", 0, 3))
        self.assertEqual(output.len, len(output.data))
        self.assertEqual(json.loads(output.data), {"result": 7, "msg": "识别结果为数字: 7"})

    def test_the_documented_request_is_the_first_test_picture(self):
        request = json.loads((EXAMPLE / "request.json").read_text(encoding="utf-8"))
        image = base64.b64decode(request["payload"]["img"]["image"])
        self.assertEqual(image, (PICTURES / "7.png").read_bytes())

    def test_declares_its_input_output_and_test_picture(self):
        schema = json.loads(self.wrapper.schema())
        self.assertEqual(schema["meta"]["mnist"]["input"], {"img": {"dataType": "image"}})
        self.assertEqual(schema["meta"]["mnist"]["accept"], {"result": {"dataType": "text"}})
        self.assertEqual(module.UserRequest.input1.test_value, (PICTURES / "7.png").read_bytes())


class Failures(WrapperTest):
    def check(self, response, code: int):
        self.assertEqual(response.error_code, code)
        self.assertTrue(self.wrapper.wrapperError(code))

    def test_bytes_that_are_no_picture(self):
        picture = (PICTURES / "7.png").read_bytes()
        large = encoded(Image.new("L", (20_000, 20_000)), "PNG")
        gif = encoded(Image.fromarray(self.images[0]), "GIF")
        for data in (b"hello", b"\x89PNG\r\n\x1a\n", picture[: len(picture) // 2], gif, large):
            with self.subTest(data[:8]):
                self.check(self.call(data), module.NOT_A_PICTURE)

    def test_pictures_without_a_digit(self):
        for value in (0, 128, 255):
            with self.subTest(value):
                self.check(self.call(png(np.full((60, 40), value, dtype=np.uint8))), module.BLANK_PICTURE)
        self.check(self.call(png(np.zeros((1, 1), dtype=np.uint8))), module.BLANK_PICTURE)
        self.check(self.call(png(np.zeros((30, 30, 4), dtype=np.uint8))), module.BLANK_PICTURE)
        noise = np.random.default_rng(2).normal(200, 2, (200, 200)).astype(np.uint8)
        self.check(self.call(png(noise)), module.BLANK_PICTURE)

    def test_a_request_without_img(self):
        self.check(self.call((PICTURES / "7.png").read_bytes(), key="picture"), module.IMAGE_MISSING)
        self.check(self.call(b""), module.IMAGE_MISSING)

    def test_a_model_that_is_missing_or_damaged_fails_the_start_and_says_which_file(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("absent.onnx", None), ("damaged.onnx", b"no model")):
                path = Path(folder, name)
                if content is not None:
                    path.write_bytes(content)
                with self.subTest(name), mock.patch.object(module, "MODEL", str(path)):
                    with self.assertLogs(module.log, "ERROR") as logged:
                        self.assertEqual(module.Wrapper().wrapperInit({}), module.MODEL_NOT_LOADED)
                    self.assertIn(str(path), logged.output[0])

    def test_the_codes_have_distinct_texts_and_others_have_none(self):
        self.assertEqual(len(set(module.ERRORS.values())), 4)
        self.assertEqual(self.wrapper.wrapperError(1), "")


if __name__ == "__main__":
    unittest.main()
