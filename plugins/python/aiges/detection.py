"""What a wrapper found in a picture, in the form that front-ends for pictures read, and drawn into the picture.

    found = Detections()
    found.add("face", score=0.98, left=171, top=113.5, width=275, height=361)
    return found.response(drawn_on=picture if wants_picture(params) else None)

Only drawing needs Pillow.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from aiges.core.types import DataImage
from aiges.dto import Response, ResponseData

COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080")
"""Of the boxes, by the index of the hit's class."""


def wants_picture(params: Mapping[str, str]) -> bool:
    """Whether the client wants the picture back with the hits drawn: the parameter `show` is 1."""
    return params.get("show") == "1"


class Detections:
    """The hits in one picture, in the order in which they were added; none means that nothing was found."""

    def __init__(self) -> None:
        self.hits: list[dict[str, Any]] = []

    def add(
        self,
        label: str,
        *,
        score: float,
        left: float,
        top: float,
        width: float,
        height: float,
        index: int = 0,
        extended: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds a hit: `score` from 0 to 1, its place in pixels from the upper left corner of the picture that was sent,
        `index` the number of its class, `extended` whatever else there is to tell, as JSON has it. Raises ValueError
        for a score or a size that cannot be."""
        if not 0 <= score <= 1:
            raise ValueError(f"the score of {label!r} must be from 0 to 1, not {score}")
        if width < 0 or height < 0:
            raise ValueError(f"the size of {label!r} must not be negative: {width} x {height}")
        location = {"left": float(left), "top": float(top), "width": float(width), "height": float(height)}
        hit: dict[str, Any] = {"index": int(index), "label": label, "score": float(score), "location": location}
        if extended:
            hit["extended"] = dict(extended)
        self.hits.append(hit)

    def to_json(self) -> str:
        return json.dumps(self.hits, ensure_ascii=False)

    def response(self, key: str = "result", *, drawn_on: bytes | None = None, picture_key: str = "image") -> Response:
        """The answer: the hits as JSON text under `key`, and with `drawn_on` that picture with the hits drawn in under
        `picture_key`."""
        response = Response()
        response.list = [ResponseData(key, self.to_json())]
        if drawn_on is not None:
            response.list.append(ResponseData(picture_key, self.draw(drawn_on), type=DataImage))
        return response

    def draw(self, picture: bytes) -> bytes:
        """The picture with a box, the label and the score for every hit: JPEG if it was one, else PNG. Raises
        ImportError without Pillow, and `PIL.UnidentifiedImageError` (an OSError) for what is no picture."""
        from PIL import Image, ImageDraw, ImageFont

        with Image.open(io.BytesIO(picture)) as source:
            image_format = "JPEG" if source.format == "JPEG" else "PNG"
            image = source.convert("RGB")
        canvas = ImageDraw.Draw(image)
        line = max(2, round(max(image.size) / 200))
        font = ImageFont.load_default()
        for hit in self.hits:
            place = hit["location"]
            left, top = place["left"], place["top"]
            colour = COLOURS[hit["index"] % len(COLOURS)]
            canvas.rectangle((left, top, left + place["width"], top + place["height"]), outline=colour, width=line)
            text = f"{hit['label']} {hit['score']:.2f}".encode("latin-1", "replace").decode("latin-1")
            box = canvas.textbbox((left, top), text, font=font)
            canvas.rectangle(box, fill=colour)
            canvas.text((left, top), text, fill="white", font=font)
        output = io.BytesIO()
        image.save(output, image_format)
        return output.getvalue()
