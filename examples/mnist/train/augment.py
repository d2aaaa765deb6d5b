"""Training pictures as people draw and photograph them: other slants, sizes, pens and hands."""

import numpy as np
from digit_picture import SIDE, fit_digit

_FINE = 2 * SIDE
"""Digits are drawn at twice the size, so that the wrapper's own scaling has something to do."""


def augment(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one changed copy of each image (n × 28 × 28 uint8) as float32, 0 to 1.

    Four in five are redrawn and pass through the wrapper's fit_digit, inverted pictures included: the wrapper
    has made those white on black by then. The others are only shifted, as raw MNIST digits come.
    """
    redrawn = _pen(_warp(images.astype(np.float32) / 255, rng), rng)
    result = np.empty((len(images), SIDE, SIDE), dtype=np.float32)
    for index, drawing in enumerate(redrawn):
        if rng.random() < 0.2 or drawing.max() < 0.5:
            shift = rng.integers(-1, 2, 2)
            result[index] = np.roll(images[index] / 255, shift, axis=(0, 1))
        else:
            result[index] = fit_digit(drawing)
            result[index] = np.clip(result[index] * rng.uniform(0.8, 1.3), 0, 1)
            result[index] = np.roll(result[index], rng.integers(-1, 2, 2), axis=(0, 1))
    return result


def _warp(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotate, shear, stretch and bend; the result has _FINE pixels a side."""
    count = len(images)
    grid = (np.arange(_FINE, dtype=np.float32) + 0.5) / _FINE * 2 - 1
    y, x = np.meshgrid(grid, grid, indexing="ij")
    angle = np.radians(rng.uniform(-15, 15, count))
    shear = rng.uniform(-0.25, 0.25, count)
    stretch = np.exp(rng.uniform(-0.2, 0.2, (2, count)))

    def each(values):
        return np.asarray(values, dtype=np.float32)[:, None, None]

    cos, sin = np.cos(angle), np.sin(angle)
    at_x = each(stretch[0] * (cos + shear * sin)) * x + each(stretch[0] * (shear * cos - sin)) * y
    at_y = each(stretch[1] * sin) * x + each(stretch[1] * cos) * y
    bend = rng.normal(0, 0.05, (2, count, 6, 6)).astype(np.float32)
    at_x += _smooth(bend[0])
    at_y += _smooth(bend[1])
    return _sample(images, (at_x + 1) / 2 * SIDE - 0.5, (at_y + 1) / 2 * SIDE - 0.5)


def _smooth(coarse: np.ndarray) -> np.ndarray:
    """Enlarge n × 6 × 6 linearly to n × _FINE × _FINE."""
    places = np.linspace(0, coarse.shape[1] - 1.001, _FINE)
    low = places.astype(int)
    share = (places - low).astype(np.float32)
    weights = np.zeros((_FINE, coarse.shape[1]), dtype=np.float32)
    weights[np.arange(_FINE), low] = 1 - share
    weights[np.arange(_FINE), low + 1] = share
    return weights @ coarse @ weights.T


def _sample(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Linear interpolation at the given pixel coordinates; black outside."""
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    x = np.clip(x + 1, 0, SIDE + 1)
    y = np.clip(y + 1, 0, SIDE + 1)
    column, row = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= row
    n = np.arange(len(images))[:, None, None]
    upper = padded[n, row, column] * (1 - x) + padded[n, row, column + 1] * x
    lower = padded[n, row + 1, column] * (1 - x) + padded[n, row + 1, column + 1] * x
    return upper * (1 - y) + lower * y


def _pen(drawings: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make strokes thicker or thinner by up to about two fine pixels on each side."""
    padded = np.pad(drawings, ((0, 0), (1, 1), (1, 1)))
    for _ in range(2):
        amount = rng.uniform(-0.7, 1, len(drawings)).astype(np.float32)[:, None, None]
        places = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
        around = np.stack([padded[:, 1 + y : 1 + y + _FINE, 1 + x : 1 + x + _FINE] for y, x in places])
        thicker, thinner, same = around.max(0), around.min(0), around[0]
        changed = same + np.where(amount > 0, amount * (thicker - same), -amount * (thinner - same))
        padded = np.pad(changed, ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1:-1, 1:-1]
