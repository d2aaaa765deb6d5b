"""The schema that a wrapper's fields make: what the daemon validates requests with and shows in its API page.

Its form is that of plugin protocol 1 (`meta`, `schemainput`, `schemaoutput`), with one key more: `example`, a complete
request with the wrapper's own test data. It is left out when a test file is missing or the request would pass 1 MiB.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from aiges.fields import Field, FileField, PayloadField
from aiges.param_fields import ParamField

MAX_EXAMPLE_BYTES = 1 << 20
"""Longest test data, in base64, that the schema carries as an example."""

_HEADER_KEYS = ("appid", "uid", "did", "device_id", "imei", "imsi", "mac", "net_type", "net_isp", "res_id")
"""Keys of a request's header that the ASE protocol names; none is required."""

_STATUS = {"type": "integer", "enum": [0, 1, 2, 3], "default": 3}

Json = dict[str, Any]


def declared_fields(declaration: Any) -> list[Field]:
    """The fields of a `requestCls` or `responseCls`, which may be a class or an instance, in order of declaration."""
    if declaration is None:
        return []
    cls = declaration if isinstance(declaration, type) else type(declaration)
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(vars(base))
    if declaration is not cls:
        found.update(getattr(declaration, "__dict__", {}))
    return [value for value in found.values() if isinstance(value, Field)]


def build_schema(meta: Mapping[str, Any], service: str, inputs: list[Field], outputs: list[Field]) -> Json:
    """The whole schema. `meta` holds the wrapper's own entries (serviceId, version, route, …)."""
    payloads = [field for field in inputs if isinstance(field, PayloadField)]
    params = [field for field in inputs if isinstance(field, ParamField)]
    accepts = [field for field in outputs if isinstance(field, PayloadField)]
    schema: Json = {
        "meta": {
            **meta,
            service: {
                "input": {field.key: {"dataType": field.kind} for field in payloads},
                "accept": {field.key: {"dataType": field.kind} for field in accepts},
            },
        },
        "schemainput": _object(
            {
                "header": _header(),
                "parameter": _object({service: _parameters(params, accepts)}),
                "payload": _object({field.key: _payload(field) for field in payloads}),
            }
        ),
        "schemaoutput": _object(
            {
                "header": _object(
                    {
                        "code": {"type": "integer"},
                        "message": {"type": "string"},
                        "sid": {"type": "string"},
                        "status": _STATUS,
                    }
                ),
                "payload": _object({field.key: _payload(field) for field in accepts}),
            }
        ),
    }
    example = _example(service, params, payloads, accepts)
    if example is not None:
        schema["example"] = example
    return schema


def _object(properties: Json, required: list[str] | None = None) -> Json:
    schema: Json = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def _header() -> Json:
    keys: Json = {key: {"type": "string", "maxLength": 50} for key in _HEADER_KEYS}
    return _object({**keys, "status": _STATUS})


def _parameters(params: list[ParamField], accepts: list[PayloadField]) -> Json:
    properties: Json = {field.key: field.value_schema() for field in params}
    for field in accepts:
        properties[field.key] = _object({**field.attribute_schemas(), "data_type": {"type": "string"}})
    return _object(properties, [field.key for field in params if field.required])


def _payload(field: PayloadField) -> Json:
    properties = {**field.attribute_schemas(), "status": _STATUS, field.kind: field.data_schema()}
    return field._described(_object(properties))


def _example(
    service: str, params: list[ParamField], payloads: list[PayloadField], accepts: list[PayloadField]
) -> Json | None:
    for field in payloads:
        if isinstance(field, FileField):
            try:
                field.resolved_path()
            except FileNotFoundError:
                return None
    data = {field.key: base64.b64encode(field.test_value).decode("ascii") for field in payloads}
    if sum(map(len, data.values())) > MAX_EXAMPLE_BYTES:
        return None
    parameters: Json = {field.key: field.example_accept() for field in accepts}
    for param in params:
        value = param.example_value()
        if value is not None and (param.required or value != ""):
            parameters[param.key] = value
    return {
        "header": {"appid": "123456", "status": 3},
        "parameter": {service: parameters},
        "payload": {
            field.key: {**field.example_attributes(), "status": 3, field.kind: data[field.key]} for field in payloads
        },
    }
