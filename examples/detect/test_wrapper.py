"""Tests of the wrapper alone, without a daemon.

PYTHONPATH=../../plugins/python python -m unittest -v        # in this folder
"""

import json
import sys
import threading
import unittest
from pathlib import Path

import cv2
import numpy as np

EXAMPLE = Path(__file__).resolve().parent
PICTURE = (EXAMPLE / "wrapper" / "test_data" / "astronaut.jpg").read_bytes()
sys.path.insert(0, str(EXAMPLE / "wrapper"))

from aiges.dto import DataListCls, DataListNode  # noqa: E402

import wrapper as module  # noqa: E402

FACE = {"left": 105, "top": 60, "width": 97, "height": 97}


def encoded(image: np.ndarray, extension: str = ".png") -> bytes:
    return cv2.imencode(extension, image)[1].tobytes()


class WrapperTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.wrapper = module.Wrapper()
        assert cls.wrapper.wrapperInit({}) == 0

    def ask(self, picture, **params):
        return self.wrapper.wrapperOnceExec(params, DataListCls([DataListNode("image", picture)]))

    def hits(self, picture, **params):
        response = self.ask(picture, **params)
        self.assertEqual(response.error_code, 0)
        return json.loads(response.list[0].data)

    def test_finds_the_face_and_nothing_else(self):
        (face,) = self.hits(PICTURE)
        self.assertEqual((face["index"], face["label"]), (0, "face"))
        self.assertGreater(face["score"], 0.8)
        for edge, expected in FACE.items():
            self.assertAlmostEqual(face["location"][edge], expected, delta=8)

    def test_finds_several_faces_where_they_are_in_colour_and_grey(self):
        one = cv2.imdecode(np.frombuffer(PICTURE, np.uint8), cv2.IMREAD_COLOR)
        two = np.hstack([one, cv2.flip(one, 1)])
        for picture in (encoded(two), encoded(cv2.cvtColor(two, cv2.COLOR_BGR2GRAY), ".bmp")):
            lefts = sorted(hit["location"]["left"] for hit in self.hits(picture))
            self.assertEqual(len(lefts), 2)
            self.assertAlmostEqual(lefts[0], 105, delta=8)
            self.assertAlmostEqual(lefts[1], 2 * 320 - 105 - 97, delta=8)

    def test_finds_nothing_where_there_is_nobody(self):
        self.assertEqual(self.hits(encoded(np.full((200, 200), 128, np.uint8))), [])

    def test_leaves_out_what_is_weaker_than_asked_for(self):
        self.assertEqual(self.hits(PICTURE, min_score="0.99"), [])

    def test_draws_the_hits_when_asked_to(self):
        self.assertEqual(len(self.ask(PICTURE, show="0").list), 1)
        drawn = self.ask(PICTURE, show="1").list[1]
        self.assertEqual(drawn.key, "image")
        image = cv2.imdecode(np.frombuffer(drawn.data, np.uint8), cv2.IMREAD_COLOR)
        self.assertEqual(image.shape, (320, 320, 3))
        plain = cv2.imdecode(np.frombuffer(PICTURE, np.uint8), cv2.IMREAD_COLOR)
        changed = np.abs(image.astype(int) - plain).max(axis=2) > 80
        self.assertTrue(changed[60:160, 100:110].any())
        self.assertFalse(changed[250:].any())

    def test_answers_bad_requests_with_its_codes(self):
        for code, picture, params in (
            (module.IMAGE_MISSING, b"", {}),
            (module.NOT_A_PICTURE, b"no picture", {}),
            (module.NOT_A_PICTURE, PICTURE[:100], {}),
            (module.WRONG_PARAMETER, PICTURE, {"min_score": "high"}),
            (module.WRONG_PARAMETER, PICTURE, {"min_score": "2"}),
        ):
            with self.subTest(code):
                self.assertEqual(self.ask(picture, **params).error_code, code)
                self.assertTrue(self.wrapper.wrapperError(code))
        empty = self.wrapper.wrapperOnceExec({}, DataListCls([]))
        self.assertEqual(empty.error_code, module.IMAGE_MISSING)

    def test_refuses_to_start_without_its_cascade(self):
        self.assertEqual(module.Wrapper().wrapperInit({"cascade": "none.xml"}), module.CASCADE_NOT_LOADED)

    def test_works_for_several_at_a_time(self):
        found = []
        threads = [threading.Thread(target=lambda: found.append(len(self.hits(PICTURE)))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [1, 1, 1, 1])


if __name__ == "__main__":
    unittest.main()
