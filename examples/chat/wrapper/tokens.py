"""Text as tokens: words and marks, each with the space before it, so that joining them gives the text back."""

from __future__ import annotations

import re

TURN = "\n"
"""Ends what one speaker says."""

_TOKEN = re.compile(r"\n| ?\w+(?:['’-]\w+)*|(?: ?--)| ?[^\w\s]")


def tokenize(text: str) -> list[str]:
    """Other white space than single spaces and line ends is lost."""
    return _TOKEN.findall(re.sub(r"[^\S\n]+", " ", text))
