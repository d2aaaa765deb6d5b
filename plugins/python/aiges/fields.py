"""The fields with which a wrapper declares its request and its answer (`requestCls`, `responseCls`).

A field says three things: the rule for the value (it becomes JSON schema), the attributes that travel with it, and a
test value, used by `python -m aiges run` and as the example request of the service.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from aiges.core.types import AUDIO, IMAGE, STRING
from aiges.utils.log import log

IMAGE_ENCODINGS = ["jpg", "jpeg", "png", "bmp", "gif", "webp", "tiff"]
"""Encodings of pictures that a request may name."""

_IMAGE_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"BM", "bmp"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)


class Field:
    """Anything that a request or an answer declares. `key` is its name on the wire."""

    data_type: Any

    def __init__(self, key: str, title: str = "", description: str = "") -> None:
        self.key = key
        self.title = title
        self.description = description

    def __repr__(self) -> str:
        return f"<{type(self).__name__}:{self.key}>"

    @property
    def test_value(self) -> Any:
        """The value used when the wrapper is tried out."""
        raise NotImplementedError(f"{type(self).__name__} has no test value")

    def _described(self, schema: dict[str, Any]) -> dict[str, Any]:
        for name, text in (("title", self.title), ("description", self.description)):
            if text:
                schema[name] = text
        return schema


class PayloadField(Field):
    """A payload: data with attributes, in base64 on HTTP. `kind` is its data type by name."""

    kind = "text"
    data_type = STRING

    optional = False
    """Whether a method, or a call that takes tensors, may be called without it."""

    def __init__(
        self,
        key: str,
        need_base64: bool,
        encoding: str,
        format: str,
        compress: str,
        status: int,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, title, description)
        self.need_base64 = need_base64
        self.encoding = encoding
        self.format = format
        self.compress = compress
        self.status = status

    def data_schema(self) -> dict[str, Any]:
        """JSON schema of the data itself."""
        return {"type": "string"}

    def attribute_schemas(self) -> dict[str, Any]:
        """JSON schema of each attribute; their defaults are what the wrapper declares."""
        raise NotImplementedError

    def example_attributes(self) -> dict[str, str]:
        """The attributes of the example request."""
        return {"encoding": self.encoding, "compress": self.compress, "format": self.format}

    def example_accept(self) -> dict[str, str]:
        """The attributes that the example request asks for, of an output."""
        return self.example_attributes()

    def _test_bytes(self) -> bytes:
        raise NotImplementedError

    @property
    def test_value(self) -> bytes:
        data = self._test_bytes()
        return base64.b64encode(data) if self.need_base64 else data


class _TextField(PayloadField):
    def attribute_schemas(self) -> dict[str, Any]:
        return {
            "encoding": _choice(["utf8", "gb2312", "gbk"], self.encoding),
            "compress": _choice(["raw", "gzip"], self.compress),
            "format": _choice(["plain", "json", "xml"], self.format),
        }


class StringBodyField(_TextField):
    """A text payload. `value` (str or bytes) is its test value."""

    def __init__(
        self,
        key: str,
        value: bytes | str = b" ",
        need_base64: bool = False,
        encoding: str = "utf8",
        format: str = "plain",
        compress: str = "raw",
        status: int = 3,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, need_base64, encoding, format, compress, status, title, description)
        self.value = value

    def _test_bytes(self) -> bytes:
        return self.value.encode("utf-8") if isinstance(self.value, str) else bytes(self.value)


class JsonBodyField(_TextField):
    """A JSON payload: JSON text, or an object or array in place of it. `value` may be text or what JSON can express."""

    def __init__(
        self,
        key: str,
        value: Any = "{}",
        need_base64: bool = False,
        encoding: str = "utf8",
        format: str = "json",
        compress: str = "raw",
        status: int = 3,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, need_base64, encoding, format, compress, status, title, description)
        self.value = value

    def data_schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array", "items": {}}]}

    def _test_bytes(self) -> bytes:
        if isinstance(self.value, bytes):
            return self.value
        text = self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False)
        return text.encode("utf-8")


class FileField(PayloadField):
    """A payload whose test value is a file: `path` is relative to the working directory or to the wrapper's folder."""

    base_dir: str | None = None

    def __init__(
        self,
        key: str,
        path: str,
        need_base64: bool,
        encoding: str,
        format: str,
        compress: str,
        status: int,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, need_base64, encoding, format, compress, status, title, description)
        self.path = path

    def resolved_path(self) -> str:
        """Where the test file is. Raises FileNotFoundError that names the places where it was looked for."""
        folders = [os.getcwd()] + ([self.base_dir] if self.base_dir else [])
        places = [os.path.join(folder, self.path) for folder in folders]
        for place in places:
            if self.path and os.path.isfile(place):
                return place
        raise FileNotFoundError(
            f"test file of {self!r} not found: {' or '.join(places) if self.path else 'no path given'}"
        )

    def data_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "description": "base64"}

    def _test_bytes(self) -> bytes:
        try:
            path = self.resolved_path()
        except FileNotFoundError as error:
            # As in the older SDKs, a wrapper without its test file is still a wrapper.
            log.warning("%s", error)
            return b""
        with open(path, "rb") as file:
            return file.read()


class ImageBodyField(FileField):
    """A picture. Its encoding in the example is read from the file itself."""

    kind = "image"
    data_type = IMAGE

    def __init__(
        self,
        key: str,
        path: str = "",
        need_base64: bool = False,
        encoding: str = "jpg",
        status: int = 3,
        format: str = "plain",
        compress: str = "raw",
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, path, need_base64, encoding, format, compress, status, title, description)

    def attribute_schemas(self) -> dict[str, Any]:
        return {"encoding": _choice(IMAGE_ENCODINGS, self.encoding)}

    def example_attributes(self) -> dict[str, str]:
        try:
            path = self.resolved_path()
        except FileNotFoundError:
            return {"encoding": self.encoding}
        with open(path, "rb") as file:
            return {"encoding": image_encoding(file.read(16), path) or self.encoding}


class AudioBodyField(FileField):
    """Audio. `encoding` as the client should send it (raw, wav, mp3, opus, …)."""

    kind = "audio"
    data_type = AUDIO

    def __init__(
        self,
        key: str,
        path: str = "",
        encoding: str = "raw",
        format: str = "plain",
        compress: str = "raw",
        status: int = 3,
        need_base64: bool = False,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, path, need_base64, encoding, format, compress, status, title, description)

    def attribute_schemas(self) -> dict[str, Any]:
        return {
            "encoding": {"type": "string", "default": self.encoding},
            "sample_rate": {"type": "integer", "minimum": 1},
            "bit_depth": {"type": "integer", "minimum": 1},
            "channels": {"type": "integer", "minimum": 1},
        }

    def example_attributes(self) -> dict[str, str]:
        return {"encoding": self.encoding}


def image_encoding(head: bytes, path: str) -> str:
    """Encoding of a picture, from its first bytes, else from the name's suffix; empty when neither tells."""
    for magic, encoding in _IMAGE_MAGIC:
        if head.startswith(magic):
            return encoding
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    suffix = os.path.splitext(path)[1][1:].lower()
    return suffix if suffix in IMAGE_ENCODINGS else ""


def _choice(values: list[str], default: str) -> dict[str, Any]:
    allowed = values if default in values else [*values, default]
    return {"type": "string", "enum": allowed, "default": default}
