"""The form of detections, and their boxes in a picture."""

import io
import json
import sys
import unittest
from unittest import mock

from PIL import Image

from aiges.core.types import DataImage, DataText
from aiges.detection import COLOURS, Detections, wants_picture

PLACE = {"left": 10, "top": 5.5, "width": 20, "height": 30}


def picture(image_format="PNG", mode="RGB"):
    output = io.BytesIO()
    Image.new(mode, (60, 50)).save(output, image_format)
    return output.getvalue()


class DetectionsTest(unittest.TestCase):
    def test_hits_are_json_in_the_order_in_which_they_were_added(self):
        found = Detections()
        found.add("猫", score=0.5, index=3, extended={"age": 2}, **PLACE)
        found.add("dog", score=1, **PLACE)
        place = {"left": 10.0, "top": 5.5, "width": 20.0, "height": 30.0}
        self.assertEqual(
            json.loads(found.to_json()),
            [
                {"index": 3, "label": "猫", "score": 0.5, "location": place, "extended": {"age": 2}},
                {"index": 0, "label": "dog", "score": 1.0, "location": place},
            ],
        )

    def test_nothing_found_is_an_empty_list(self):
        (output,) = Detections().response().list
        self.assertEqual((output.key, output.type, output.data), ("result", DataText, "[]"))

    def test_impossible_scores_and_sizes_are_refused(self):
        for wrong in ({"score": 98}, {"score": -0.1}, {"score": float("nan")}, {"width": -1}, {"height": -1}):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, "'face'"):
                Detections().add("face", **{"score": 0.5, **PLACE, **wrong})

    def test_the_drawn_picture_comes_with_the_answer_when_it_is_wanted(self):
        found = Detections()
        found.add("face", score=0.5, **PLACE)
        text, drawn = found.response("faces", drawn_on=picture(), picture_key="drawn").list
        self.assertEqual((text.key, drawn.key, drawn.type), ("faces", "drawn", DataImage))
        with Image.open(io.BytesIO(drawn.data)) as image:
            self.assertEqual(image.size, (60, 50))
            colour = tuple(int(COLOURS[0][i : i + 2], 16) for i in (1, 3, 5))
            self.assertEqual(image.getpixel((30, 30)), colour)
            self.assertEqual(image.getpixel((50, 45)), (0, 0, 0))

    def test_a_jpeg_stays_one_and_everything_else_becomes_a_png(self):
        for source, mode, expected in (("JPEG", "L", "JPEG"), ("BMP", "RGB", "PNG"), ("PNG", "RGBA", "PNG")):
            with self.subTest(source):
                drawn = Detections().draw(picture(source, mode))
                with Image.open(io.BytesIO(drawn)) as image:
                    self.assertEqual(image.format, expected)

    def test_what_is_no_picture_is_refused(self):
        with self.assertRaises(OSError):
            Detections().draw(b"no picture")

    def test_only_drawing_needs_pillow(self):
        with mock.patch.dict(sys.modules, {"PIL": None}):
            Detections().response()
            with self.assertRaises(ImportError):
                Detections().draw(picture())

    def test_the_parameter_show_asks_for_the_picture(self):
        self.assertTrue(wants_picture({"show": "1"}))
        self.assertFalse(wants_picture({"show": "0"}))
        self.assertFalse(wants_picture({}))


if __name__ == "__main__":
    unittest.main()
