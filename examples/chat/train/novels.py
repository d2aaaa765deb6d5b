"""Reads what is spoken in Jane Austen's novels, as Debian packages them for R (see README.md)."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

_TEXT_LINE = struct.Struct(">II")
_CHARSXP = 9
_STRSXP = 16


def novels(rdb: bytes) -> Iterator[list[str]]:
    """The lines of every novel. The file is a row of serialised vectors, each a length and a zlib stream."""
    while rdb:
        stream = zlib.decompressobj()
        yield list(_lines(stream.decompress(rdb[4:])))
        rdb = stream.unused_data


def _lines(vector: bytes) -> Iterator[str]:
    """The members of a serialised vector of texts (R's XDR format, version 3)."""
    native_encoding_at = 14
    (length,) = struct.unpack_from(">I", vector, native_encoding_at)
    at = native_encoding_at + 4 + length
    kind, count = _TEXT_LINE.unpack_from(vector, at)
    if kind & 0xFF != _STRSXP:
        raise ValueError("not a vector of texts")
    for _ in range(count):
        at += _TEXT_LINE.size
        kind, length = _TEXT_LINE.unpack_from(vector, at)
        if kind & 0xFF != _CHARSXP:
            raise ValueError("a member is not a text")
        yield vector[at + _TEXT_LINE.size : at + _TEXT_LINE.size + length].decode()
        at += length


def utterances(lines: list[str]) -> Iterator[str]:
    """What the people of a novel say, a paragraph at a time, without "said he" and the like in between."""
    for paragraph in " ".join(line or "\n" for line in lines).split("\n"):
        text = re.sub(r"\s+", " ", paragraph.replace("_", "")).strip()
        spoken = [piece.strip() for piece in re.findall(r'"([^"]+)"?', text)]
        if spoken:
            yield _joined(spoken)


def _joined(pieces: list[str]) -> str:
    """A comma where a sentence was interrupted, as it stands there already; a full stop where the last one lacks it."""
    text = " ".join(pieces)
    return re.sub(r"[,;:-]+$", "", text) + "." if text[-1] in ",;:-" else text
