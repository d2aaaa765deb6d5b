"""Tests of the engine alone, called as a host calls it, beside the example in Python, whose answers it must give.

PYTHONPATH=../../plugins/python python -m unittest -v        # in this folder; builds the engine first
"""

import ctypes
import io
import json
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent
IN_PYTHON = EXAMPLE.parent / "mnist"
PICTURES = IN_PYTHON / "wrapper" / "test_data"
sys.path.insert(0, str(IN_PYTHON / "wrapper"))

import numpy as np  # noqa: E402
import wrapper as in_python  # noqa: E402
from aiges.dto import DataListCls, DataListNode  # noqa: E402
from PIL import Image  # noqa: E402

IMAGE, TEXT, ONCE = 2, 0, 3
IMAGE_MISSING, NOT_A_PNG, BLANK, ONCE_ONLY = 40002, 40003, 40004, 40005


class DataList(ctypes.Structure):
    """As in aiges/type.h."""


DataList._fields_ = [
    ("key", ctypes.c_char_p),
    ("data", ctypes.c_void_p),
    ("len", ctypes.c_uint),
    ("type", ctypes.c_int),
    ("status", ctypes.c_int),
    ("desc", ctypes.c_void_p),
    ("next", ctypes.POINTER(DataList)),
]
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(DataList), ctypes.c_int)


def png(pixels, **options) -> bytes:
    file = io.BytesIO()
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(file, "PNG", compress_level=1, **options)
    return file.getvalue()


class EngineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        build = subprocess.run(
            ["cmake", "--workflow", "--preset", "release"], cwd=EXAMPLE, capture_output=True, text=True, check=True
        )
        assert "warning" not in (build.stdout + build.stderr).lower(), build.stdout + build.stderr
        cls.library = ctypes.CDLL(str(EXAMPLE / "wrapper" / "libwrapper.so"))
        cls.library.wrapperError.restype = ctypes.c_char_p
        assert cls.library.wrapperInit(None) == 0
        cls.wrapper = in_python.Wrapper()
        assert cls.wrapper.wrapperInit({}) == 0
        held_out = np.load(IN_PYTHON / "test_data" / "held_out.npz")
        cls.images, cls.labels = held_out["images"], held_out["labels"]

    @staticmethod
    def request(data: bytes, key: bytes = b"img") -> DataList:
        request = DataList(key=key, data=ctypes.cast(data, ctypes.c_void_p), len=len(data), type=IMAGE, status=ONCE)
        request.bytes = data
        return request

    def call(self, data: bytes, key: bytes = b"img"):
        """The code of one call, and its answer's text."""
        out = ctypes.POINTER(DataList)()
        request = self.request(data, key)
        code = self.library.wrapperExec(b"tag", None, ctypes.byref(request), ctypes.byref(out), None, 0)
        if code != 0:
            self.assertFalse(out)
            return code, None
        answer = out.contents
        self.assertEqual((answer.key, answer.type, answer.status, bool(answer.next)), (b"result", TEXT, ONCE, False))
        text = ctypes.string_at(answer.data, answer.len).decode()
        self.assertEqual(self.library.wrapperExecFree(b"tag", ctypes.byref(out)), 0)
        return code, text

    def call_python(self, data: bytes):
        node = DataListNode()
        node.key, node.data = "img", data
        request = DataListCls()
        request.list = [node]
        response = self.wrapper.wrapperOnceExec({}, request)
        if response.error_code != 0:
            return response.error_code, None
        return 0, bytes(response.list[0].data).decode()

    def agreement(self, pictures) -> float:
        """Share of the pictures that both answer alike, errors included."""
        alike = [self.call(data) == self.call_python(data) for data in pictures]
        return sum(alike) / len(alike)


class Agreement(EngineTest):
    def test_recognises_985_of_1000_held_out_digits(self):
        right = [json.loads(self.call(png(i))[1])["result"] == label for i, label in zip(self.images, self.labels)]
        print(f"engine: {np.mean(right):.2%}", file=sys.stderr)
        self.assertGreaterEqual(np.mean(right), 0.985)

    def test_gives_the_answers_of_the_wrapper_in_python_for_the_held_out_digits(self):
        share = self.agreement(png(image) for image in self.images)
        print(f"agrees with Python: {share:.2%}", file=sys.stderr)
        self.assertGreaterEqual(share, 0.999)

    def test_agrees_on_large_uneven_noisy_and_framed_pictures(self):
        random = np.random.default_rng(1)
        shade = np.linspace(0, 60, 300)[:, None]

        def drawn(index: int, image: np.ndarray) -> bytes:
            large = np.asarray(Image.fromarray(image).resize((120, 120), Image.Resampling.BICUBIC), dtype=float)
            canvas = np.zeros((300, 300))
            left, top = random.integers(5, 175, 2)
            canvas[top : top + 120, left : left + 120] = large
            canvas = 230 - 0.75 * canvas - shade + random.normal(0, 4, canvas.shape)
            if index % 3 == 0:
                canvas[:4] = canvas[-4:] = 30
            return png(canvas.clip(0, 255).astype(np.uint8))

        share = self.agreement(drawn(index, image) for index, image in enumerate(self.images[::8]))
        self.assertGreaterEqual(share, 0.99)

    def test_agrees_on_a_small_digit_in_a_large_picture(self):
        canvases = [np.zeros((900, 700), dtype=np.uint8) for _ in range(40)]
        for index, (canvas, image) in enumerate(zip(canvases, self.images[::50])):
            canvas[100 + 10 * index : 128 + 10 * index, 300:328] = image
        self.assertGreaterEqual(self.agreement(map(png, canvases)), 0.97)

    def test_agrees_on_every_kind_of_png(self):
        grey = Image.fromarray(self.images[7]).resize((84, 84))
        ink, paper = Image.new("RGB", grey.size, (200, 30, 30)), Image.new("RGB", grey.size, (30, 30, 90))
        colour = Image.composite(ink, paper, grey)
        transparent = Image.new("RGBA", grey.size, (0, 0, 0, 0))
        transparent.paste(ink, mask=grey)
        plate = colour.convert("RGBA")
        plate.putpixel((0, 0), (0, 0, 0, 0))
        pictures = {
            "colour": png(colour),
            "palette": png(colour.quantize(16)),
            "one bit": png(grey.convert("1")),
            "sixteen bits": png(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)),
            "transparent": png(transparent),
            "grey and alpha": png(transparent.convert("LA")),
            "plate": png(plate),
            "transparent colour": png(grey, transparency=0),
        }
        for name, data in pictures.items():
            with self.subTest(name):
                expected = self.call_python(data)
                self.assertEqual(expected[0], 0)
                self.assertEqual(self.call(data), expected)

    def test_agrees_on_the_pictures_of_the_example_in_python(self):
        for picture in sorted(PICTURES.glob("*.png")):
            with self.subTest(picture.name):
                self.assertEqual(self.call(picture.read_bytes()), self.call_python(picture.read_bytes()))


class Calls(EngineTest):
    SEVEN = (PICTURES / "7.png").read_bytes()
    ANSWER = '{"result": 7, "msg": "识别结果为数字: 7"}'

    def test_answers_the_seed_picture_to_the_letter(self):
        self.assertEqual(self.call(self.SEVEN), (0, self.ANSWER))

    def test_answers_through_the_callback(self):
        answers = []

        @Callback
        def callback(tag, answer, code):
            answers.append((tag, ctypes.string_at(answer.contents.data, answer.contents.len).decode(), code))
            return 0

        request = self.request(self.SEVEN)
        code = self.library.wrapperExecAsync(b"tag 1", None, ctypes.byref(request), callback, 1000, None, 0)
        self.assertEqual((code, answers), (0, [(b"tag 1", self.ANSWER, 0)]))

    def test_may_be_called_from_many_threads_at_a_time(self):
        pictures = [png(image) for image in self.images[:200]]
        expected = [self.call(data) for data in pictures]
        with ThreadPoolExecutor(8) as threads:
            self.assertEqual(list(threads.map(self.call, pictures)), expected)

    def test_refuses_what_is_no_picture_each_with_its_text(self):
        rows = np.asarray(Image.open(io.BytesIO(self.SEVEN)))
        wrong = {
            "nothing": (b"", IMAGE_MISSING),
            "text": (b"not a picture", NOT_A_PNG),
            "JPEG": (b"\xff\xd8\xff\xe0" + bytes(100), NOT_A_PNG),
            "cut off": (self.SEVEN[: len(self.SEVEN) // 2], NOT_A_PNG),
            "a damaged checksum": (self.SEVEN.replace(b"IDAT", b"IDAU", 1), NOT_A_PNG),
            "too many pixels": (png(Image.new("1", (10_001, 5_000))), NOT_A_PNG),
            "blank": (png(np.full_like(rows, 127)), BLANK),
            "one pixel": (png(np.zeros((1, 1), dtype=np.uint8)), BLANK),
            "wholly transparent": (png(Image.new("RGBA", (40, 40))), BLANK),
        }
        for name, (data, code) in wrong.items():
            with self.subTest(name):
                self.assertEqual(self.call(data), (code, None))
                self.assertTrue(self.library.wrapperError(code))
        self.assertEqual(self.call(self.SEVEN, key=b"image"), (IMAGE_MISSING, None))

    def test_refuses_sessions(self):
        code = ctypes.c_int()
        self.library.wrapperCreate.restype = ctypes.c_void_p
        self.assertIsNone(self.library.wrapperCreate(b"tag", None, None, None, 0, ctypes.byref(code)))
        self.assertEqual(code.value, ONCE_ONLY)


if __name__ == "__main__":
    unittest.main()
