"""Make wrapper/test_data (but for 7.png) from held-out digits: sizes, colours and formats that callers send.

    python train/draw_test_pictures.py

The first character of a file's name is its digit.
"""

from pathlib import Path

import numpy as np
from PIL import Image

EXAMPLE = Path(__file__).resolve().parent.parent
TARGET = EXAMPLE / "wrapper" / "test_data"


def digit(label: int, index: int, side: int) -> np.ndarray:
    """The index-th held-out digit with this label, enlarged to side × side; 0 to 1, ink is 1."""
    held_out = np.load(EXAMPLE / "test_data" / "held_out.npz")
    image = Image.fromarray(held_out["images"][held_out["labels"] == label][index])
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32) / 255


def blend(ink: np.ndarray, ink_colour, ground) -> np.ndarray:
    """Paint with a colour on a ground (a colour or an array of the picture's shape)."""
    share = ink[..., None]
    return np.clip(share * np.array(ink_colour) + (1 - share) * np.array(ground), 0, 255).astype(np.uint8)


def photo(ink: np.ndarray, height: int, width: int, top: int, left: int) -> np.ndarray:
    """Blue pen on paper that is lit from the left, with the camera's noise."""
    light = np.linspace(215, 130, width)[None, :, None] * np.ones((height, 1, 3)) * (1.0, 0.98, 0.93)
    page = np.zeros((height, width), dtype=np.float32)
    page[top : top + len(ink), left : left + ink.shape[1]] = ink
    noise = np.random.default_rng(1).normal(0, 5, (height, width, 1))
    return blend(page, (35, 45, 110), light + noise)


def main() -> None:
    """Write the pictures."""
    black, white = (0, 0, 0), (255, 255, 255)
    Image.fromarray((digit(0, 3, 28) * 255).astype(np.uint8)).save(TARGET / "0-grey.bmp")
    Image.fromarray(blend(digit(1, 5, 96), (230, 60, 40), (40, 90, 200))).save(TARGET / "1-red-on-blue.png")
    Image.fromarray(blend(digit(2, 4, 200), black, white)).save(TARGET / "2-black-on-white.jpg", quality=80)
    Image.fromarray(photo(digit(3, 8, 220), 480, 640, 120, 260)).save(TARGET / "3-photo.jpg", quality=75)
    Image.fromarray(blend(digit(4, 2, 120), white, (90, 20, 60))).save(TARGET / "4-on-purple.bmp")
    strokes = np.dstack([np.zeros((140, 140, 3), dtype=np.uint8), (digit(5, 6, 140) * 255).astype(np.uint8)])
    Image.fromarray(strokes).save(TARGET / "5-transparent-black.png")
    strokes = strokes.copy()
    strokes[..., :3], strokes[..., 3] = 255, (digit(6, 1, 140) * 255).astype(np.uint8)
    Image.fromarray(strokes).save(TARGET / "6-transparent-white.png")
    Image.fromarray(blend(digit(8, 7, 64), black, white)).convert("P").save(TARGET / "8-palette.png")
    small = photo(digit(9, 0, 60), 900, 1200, 500, 300)
    Image.fromarray(small).save(TARGET / "9-small-in-large.jpg", quality=50)


if __name__ == "__main__":
    main()
