"""From the bytes of a picture to the 28 × 28 digit that the model was trained on.

Nothing here depends on the SDK or on the model: the training script uses the same code, so that the
model sees in training what it gets in service.
"""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

SIDE = 28
"""Width and height of the model's input in pixels (MNIST)."""

BOX = 20
"""The longer side of the digit inside it; MNIST leaves a margin of four pixels."""

FORMATS = ("PNG", "JPEG", "BMP")
MAX_PIXELS = 50_000_000

_WORKING_SIDE = 160
"""Larger pictures are reduced to about this many pixels a side before the digit is searched."""
_MIN_CONTRAST = 30.0
"""Distance in RGB (0 to 441) between ink and background below which a picture counts as blank."""
_INK = 0.35
"""Share of the full contrast from which on a pixel surely belongs to a stroke."""
_FAINT = 0.12
"""Share of the full contrast below which a pixel is background: noise, JPEG artefacts, paper."""

_EVEN = 12.0
"""Levels (of 255) that the border may vary by and still be one even colour."""


class PictureError(ValueError):
    """The bytes are no picture in one of FORMATS, are cut off, or are larger than MAX_PIXELS."""


class BlankPictureError(ValueError):
    """The picture shows nothing that stands out from its background."""


def digit_from_bytes(data: bytes) -> np.ndarray:
    """Return the digit in `data` (PNG, JPEG, BMP) as 28 × 28 float32, 0 background to 1 ink.

    Raises PictureError and BlankPictureError.
    """
    return find_digit(read_picture(data))


def read_picture(data: bytes) -> Image.Image:
    """Decode `data` to an upright picture of mode L or RGB; raises PictureError."""
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise PictureError(f"{picture.width} x {picture.height} pixels are too many")
        picture.draft(None, (4 * _WORKING_SIDE, 4 * _WORKING_SIDE))
        picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(str(error)) from error
    if picture.format == "JPEG":
        picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        return _flatten(picture.convert("RGBA"))
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


def _flatten(picture: Image.Image) -> Image.Image:
    """Put a picture with transparency on a ground that its digit stands out from."""
    alpha = picture.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return picture.convert("RGB")
    pixels = np.asarray(picture.convert("L"), dtype=np.float32)
    opaque = np.asarray(alpha) > 127
    if not opaque.any():
        raise BlankPictureError("the picture is wholly transparent")
    inside = pixels[opaque]
    top, bottom, left, right = _bounds(opaque)
    is_plate = opaque[top:bottom, left:right].mean() > 0.75 and np.ptp(np.percentile(inside, (2, 98))) > 64
    contrast = 0.0 if inside.mean() > 127 else 255.0
    ground = float(np.median(inside)) if is_plate else contrast
    flat = Image.new("RGBA", picture.size, (int(ground),) * 3 + (255,))
    flat.alpha_composite(picture)
    return flat.convert("RGB")


def find_digit(picture: Image.Image) -> np.ndarray:
    """Find the digit in a picture of mode L or RGB; the result is as in digit_from_bytes."""
    reduced_by = -(-max(picture.size) // _WORKING_SIDE)
    small = picture.reduce(reduced_by) if reduced_by > 1 else picture
    strokes = _keep_digit(_separate_ink(_channels(small)))
    top, bottom, left, right = _bounds(strokes > _FAINT)
    extent = max(bottom - top, right - left)
    if reduced_by > 1 and extent < 2 * BOX:
        # A small digit in a large picture has lost its shape in the reduction: look at the place again, closer.
        margin = extent // 2 + 2
        box = (left - margin, top - margin, right + margin, bottom + margin)
        limits = (0, 0) + picture.size
        x0, y0 = (max(limit, edge * reduced_by) for limit, edge in zip(limits[:2], box[:2]))
        x1, y1 = (min(limit, edge * reduced_by) for limit, edge in zip(limits[2:], box[2:]))
        if (x1 - x0, y1 - y0) != picture.size:
            return find_digit(picture.crop((x0, y0, x1, y1)))
    return fit_digit(strokes)


def _channels(picture: Image.Image) -> np.ndarray:
    """The picture as float32 rows × columns × channels: one channel where all three are alike, for speed."""
    pixels = np.asarray(picture)
    if pixels.ndim == 3:
        red, green, blue = (pixels[:, :, channel] for channel in range(3))
        if not (np.array_equal(red, green) and np.array_equal(red, blue)):
            return pixels.astype(np.float32)
        pixels = red
    return pixels[:, :, np.newaxis].astype(np.float32)


def fit_digit(strokes: np.ndarray) -> np.ndarray:
    """Scale ink (0 to 1, background below 0.12) into 20 × 20, keep the aspect, centre its mass in 28 × 28."""
    top, bottom, left, right = _bounds(strokes > _FAINT)
    height, width = bottom - top, right - left
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    crop = Image.fromarray(np.ascontiguousarray(strokes[top:bottom, left:right], dtype=np.float32))
    digit = np.asarray(crop if size == crop.size else crop.resize(size, Image.Resampling.BILINEAR))
    rows, columns = digit.sum(1), digit.sum(0)
    mass = rows.sum()
    y = _offset((rows * np.arange(size[1])).sum() / mass, size[1])
    x = _offset((columns * np.arange(size[0])).sum() / mass, size[0])
    result = np.zeros((SIDE, SIDE), dtype=np.float32)
    result[y : y + size[1], x : x + size[0]] = digit / digit.max()
    return result


def _offset(centre: float, length: int) -> int:
    return int(min(max(round(SIDE / 2 - centre), 0), SIDE - length))


def _bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _separate_ink(pixels: np.ndarray) -> np.ndarray:
    """How far each pixel lies on the way from the background's colour to the ink's, 0 to 1.

    The border tells the background, as a plane, which takes out light that falls from one side. The ink is
    what differs most from it, so light on dark, dark on light and colour on colour are all the same case.
    """
    difference = pixels - _background(pixels)
    distance = np.einsum("ijk,ijk->ij", difference, difference)
    weight = distance * distance
    total = weight.sum()
    channels_to_rgb = 3 / pixels.shape[2]
    if total == 0 or distance.max() * channels_to_rgb < _MIN_CONTRAST**2:
        raise BlankPictureError("nothing stands out from the background")
    ink_colour = np.tensordot(weight, difference, 2) / total
    contrast = float(ink_colour @ ink_colour)
    if contrast * channels_to_rgb < _MIN_CONTRAST**2:
        raise BlankPictureError("nothing stands out from the background")
    return np.clip(difference @ (ink_colour / contrast), 0, 1)


def _background(pixels: np.ndarray) -> np.ndarray:
    height, width, channels = pixels.shape
    edge = max(1, round(0.04 * min(height, width)))
    ring = np.ones((height, width), dtype=bool)
    ring[edge:-edge, edge:-edge] = False
    y, x = np.nonzero(ring)
    border = pixels[ring]
    median = np.median(border, axis=0)
    deviation = np.abs(border - median).max(1)
    inliers = deviation <= max(_EVEN, 3 * float(np.median(deviation)))
    if float(deviation[inliers].max(initial=0)) <= _EVEN:
        return median.astype(np.float32)
    places = np.stack((y / height, x / width, np.ones(len(y))), axis=1)
    plane = np.linalg.lstsq(places[inliers], border[inliers], rcond=None)[0].astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None, None] / height
    columns = np.arange(width, dtype=np.float32)[None, :, None] / width
    return np.clip(rows * plane[0] + columns * plane[1] + plane[2], 0, 255)


def _keep_digit(ink: np.ndarray) -> np.ndarray:
    """Blank out what is not the digit: faint noise, specks, and frames that touch the picture's edge."""
    height, width = ink.shape
    shapes = [(_mass(shape), shape) for shape in _connected_shapes(ink > _INK)]
    inner = [(mass, shape) for mass, shape in shapes if not _touches_edge(shape, height, width)]
    inner_mass = sum(mass for mass, _ in inner)
    edge_mass = sum(mass for mass, _ in shapes) - inner_mass
    if inner and inner_mass > 0.2 * edge_mass:
        shapes = inner
    largest = max(mass for mass, _ in shapes)
    kept = np.zeros((height + 2, width + 2), dtype=bool)
    for mass, shape in shapes:
        if mass > 0.05 * largest:
            for row, start, stop in shape:
                kept[row + 1, start + 1 : stop + 1] = True
    # One pixel around a stroke is its soft rim.
    kept = kept[:-2] | kept[1:-1] | kept[2:]
    kept = kept[:, :-2] | kept[:, 1:-1] | kept[:, 2:]
    return np.where(kept & (ink > _FAINT), ink, 0)


_Run = tuple[int, int, int]
"""Row, first column and column past the last of neighbouring pixels in a row."""


def _mass(shape: list[_Run]) -> int:
    return sum(stop - start for _, start, stop in shape)


def _touches_edge(shape: list[_Run], height: int, width: int) -> bool:
    return any(row in (0, height - 1) or start == 0 or stop == width for row, start, stop in shape)


def _runs(mask: np.ndarray) -> Iterator[_Run]:
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = mask
    changes = np.diff(padded, axis=1)
    rows, starts = np.nonzero(changes == 1)
    stops = np.nonzero(changes == -1)[1]
    return zip(rows.tolist(), starts.tolist(), stops.tolist())


def _connected_shapes(mask: np.ndarray) -> list[list[_Run]]:
    """The eight-connected shapes of a mask, each as its runs (union-find over the runs of each row)."""
    runs = list(_runs(mask))
    parent = list(range(len(runs)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    above = 0
    for index, (row, start, stop) in enumerate(runs):
        while runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start):
            above += 1
        candidate = above
        while runs[candidate][0] == row - 1 and runs[candidate][1] <= stop:
            parent[root(candidate)] = root(index)
            candidate += 1
    shapes: dict = {}
    for index, run in enumerate(runs):
        shapes.setdefault(root(index), []).append(run)
    return list(shapes.values())
