"""What goes into a wrapper and what comes out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

from aiges.callback import callback, init_rq
from aiges.core.types import DataAudio, DataImage, DataOther, DataText, DataVideo, Once
from aiges.tensor import TensorError, TensorInfo, described_tensor
from aiges.tensor_arrays import encode, to_array

if TYPE_CHECKING:
    from aiges.chat import Usage

PayloadData = Union[bytes, str, bytearray, memoryview, Any]
"""What a wrapper may assign as data: bytes, text (sent as UTF-8), or anything with `tobytes()`, as numpy arrays
have."""


def data_to_bytes(data: PayloadData, key: str = "") -> bytes:
    """The bytes that are sent for `data`. Raises TypeError that names `key` for what has no bytes, such as a dict."""
    if type(data) is bytes:
        return data
    if isinstance(data, str):
        return data.encode("utf-8")
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    tobytes = getattr(data, "tobytes", None)
    if tobytes is None:
        raise TypeError(f"data of ResponseData {key!r} must be bytes or str, not {type(data).__name__}")
    return bytes(tobytes())


class DataListNode:
    """One payload of a request: `key`, `data` (bytes), `type` and `status` (see `aiges.core.types`), `len` of the data
    in bytes, and `desc`, the attributes the client sent with it (encoding, format, …; all strings).

    A tensor has `datatype` and `shape` as well, and `numpy()` gives it as an array."""

    key: str
    data: Any
    len: int
    type: int
    status: int

    tensor: TensorInfo | None = None
    """What `data` is, when it is a tensor and the host said so beside the attributes."""

    def __init__(
        self,
        key: str = "",
        data: Any = b"",
        type: int = DataText,
        status: int = Once,
        desc: Mapping[str, str] | None = None,
    ) -> None:
        self.key = key
        self.data = data
        self.len = len(data)
        self.type = type
        self.status = status
        self._desc = desc

    @property
    def desc(self) -> dict[str, str]:
        # Built when first read: most wrappers never look, and a request arrives as a protobuf map.
        if self._desc is None or type(self._desc) is not dict:
            self._desc = dict(self._desc or {})
        return self._desc

    @desc.setter
    def desc(self, value: Mapping[str, str]) -> None:
        self._desc = value

    @property
    def datatype(self) -> str | None:
        """Datatype of a tensor, such as FP32 (see `aiges.tensor`); None when this is none. Raises TensorError when the
        attribute `shape` is no shape."""
        info = self._tensor_info()
        return None if info is None else info.datatype

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of a tensor; None when this is none. Raises TensorError as `datatype` does."""
        info = self._tensor_info()
        return None if info is None else info.shape

    def numpy(self) -> Any:
        """The tensor as a numpy array: a read-only view of `data`. BYTES becomes an array of bytes objects, and BF16,
        which numpy does not have, one of float32. Raises TensorError when this is no tensor or its data does not fit
        its shape, and ImportError without numpy."""
        info = self._tensor_info()
        if info is None:
            raise TensorError(f"payload {self.key!r} is no tensor: it came without datatype and shape")
        return to_array(info, self.data, self.key)

    def _tensor_info(self) -> TensorInfo | None:
        # By protocols that have no other place for it, a tensor is described by the attributes.
        if self.tensor is None:
            self.tensor = described_tensor(self.desc, self.key)
        return self.tensor

    def __repr__(self) -> str:
        return f"DataListNode(key={self.key!r}, type={self.type}, status={self.status}, len={self.len})"


class DataListCls:
    """The payloads of a request, in the order in which they came: `list`."""

    def __init__(self, nodes: list[DataListNode] | None = None) -> None:
        self.list = [] if nodes is None else nodes

    def get(self, key: str) -> DataListNode | None:
        """The first payload with this key, or None."""
        for node in self.list:
            if node.key == key:
                return node
        return None


class ResponseData:
    """One payload of an answer.

    Set `key` and `data`, by assignment or with `setData()`; `type` is text (0) and `status` once (3) unless set. `desc`
    holds attributes for the client (`{"encoding": "utf8"}`). `len` may be assigned; what is sent is the true length.
    """

    key: str
    data: PayloadData
    type: int
    status: int

    tensor: TensorInfo | None = None
    """What `data` is, when it is a tensor; set by `setTensor`."""

    def __init__(
        self, key: str = "", data: PayloadData = b"", length: int = 0, type: int = DataText, status: int = Once
    ) -> None:
        self.key = key
        self.data = data
        self.type = type
        self.status = status
        self._len = length or None
        self._desc: Mapping[str, str] | None = None

    @property
    def len(self) -> int:
        return len(data_to_bytes(self.data)) if self._len is None else self._len

    @len.setter
    def len(self, value: int) -> None:
        self._len = value

    @property
    def desc(self) -> dict[str, str]:
        if self._desc is None or type(self._desc) is not dict:
            self._desc = dict(self._desc or {})
        return self._desc

    @desc.setter
    def desc(self, value: Mapping[str, str]) -> None:
        self._desc = value

    def setData(self, data: PayloadData) -> None:
        """Sets the data; the length follows it."""
        self.data = data
        self._len = None

    def setTensor(self, value: Any, datatype: str | None = None) -> None:
        """Makes this a tensor: of a numpy array, of a number or text, or of nested lists of them. Without a `datatype`,
        arrays keep theirs; truth values are BOOL, whole numbers INT64, other numbers FP64, texts and bytes BYTES.
        Raises TensorError when the value is none of these, or not of the datatype."""
        self.tensor, self.data = encode(value, datatype, self.key)
        self.type = DataOther
        self._len = None

    def setDataType(self, data_type: int) -> None:
        """Sets the type: DataText, DataAudio, DataImage, DataVideo or DataOther. Raises ValueError for another."""
        if data_type not in (DataText, DataAudio, DataImage, DataVideo, DataOther):
            raise ValueError(f"unknown data type {data_type!r}: use DataText, DataAudio, DataImage or DataVideo")
        self.type = data_type

    def toJSON(self) -> str:
        """For looking at: the payload as JSON, its data as text where that is possible."""
        return json.dumps(self._as_dict(), ensure_ascii=False, sort_keys=True, indent=4)

    def _as_dict(self) -> dict[str, Any]:
        data = data_to_bytes(self.data)
        return {
            "key": self.key,
            "type": self.type,
            "status": self.status,
            "len": len(data),
            "desc": self.desc,
            "data": data.decode("utf-8", "backslashreplace"),
        }


class Response:
    """The answer of a wrapper: `list` of ResponseData, or `error_code` ≠ 0, whose text `wrapperError` gives."""

    list: list[ResponseData]
    error_code: int

    usage: Usage | None = None
    """What the request has used, for protocols that tell their clients, and for accounts."""

    def __init__(self) -> None:
        self.list = [ResponseData()]
        self.error_code = 0

    def tensor(self, name: str, value: Any, datatype: str | None = None) -> Response:
        """Adds a tensor and returns this response: `return Response().tensor("sum", a + b)`. Takes and raises what
        `ResponseData.setTensor` does."""
        node = ResponseData(name)
        node.setTensor(value, datatype)
        # A new Response holds one node that waits to be filled in.
        kept = [old for old in self.list if old.key]
        self.list = [*kept, node]
        return self

    def response_err(self, error_code: int) -> Response:
        """Makes this an error answer and returns it: `return response.response_err(100)`."""
        self.error_code = error_code
        return self

    def toJSON(self) -> str:
        """For looking at: the answer as JSON."""
        nodes = [node._as_dict() for node in self.list]
        return json.dumps({"error_code": self.error_code, "list": nodes}, ensure_ascii=False, sort_keys=True, indent=4)


class SessionCreateResponse:
    """What `wrapperCreate` returns: the `handle` of the new session, or `error_code` ≠ 0."""

    handle: str
    error_code: int

    def __init__(self) -> None:
        self.handle = ""
        self.error_code = 0

    def toJSON(self) -> str:
        """For looking at: the answer as JSON."""
        return json.dumps(self.__dict__, sort_keys=True, indent=4)


__all__ = [
    "DataAudio",
    "DataListCls",
    "DataListNode",
    "DataImage",
    "DataText",
    "DataVideo",
    "Once",
    "PayloadData",
    "Response",
    "ResponseData",
    "SessionCreateResponse",
    "callback",
    "data_to_bytes",
    "init_rq",
]
