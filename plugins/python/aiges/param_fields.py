"""Parameter fields: the values beside the payloads. See `aiges.fields` for what a field is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiges.fields import Field


class ParamField(Field):
    """A parameter: a value beside the payloads. Every parameter reaches the wrapper as a string."""

    def __init__(
        self,
        key: str,
        enums: Sequence[Any] = (),
        required: bool = False,
        value: Any = None,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, title, description)
        self.enums = list(enums)
        self.required = required
        self.value = value

    def value_schema(self) -> dict[str, Any]:
        """JSON schema of the value."""
        schema: dict[str, Any] = {"type": self.data_type}
        schema.update({"enum": self.enums} if self.enums else self._limits())
        if self.is_valid(self.value) and not self.required:
            schema["default"] = self.value
        return self._described(schema)

    def example_value(self) -> Any:
        """A value that the schema allows: the declared one, else the first allowed one, else None."""
        if self.is_valid(self.value):
            return self.value
        return self.enums[0] if self.enums else None

    def is_valid(self, value: Any) -> bool:
        """Whether the declared rules allow `value`."""
        return value in self.enums if self.enums else self._within_limits(value)

    def _limits(self) -> dict[str, Any]:
        return {}

    def _within_limits(self, value: Any) -> bool:
        return value is not None

    @property
    def test_value(self) -> Any:
        return self.value


class StringParamField(ParamField):
    """A text parameter: one of `enums`, or `minLength` to `maxLength` characters."""

    data_type = "string"

    def __init__(
        self,
        key: str,
        minLength: int = 0,
        maxLength: int = 1024,
        enums: Sequence[str] = (),
        required: bool = False,
        value: str = "",
        description: str = "",
        title: str = "",
    ) -> None:
        super().__init__(key, enums, required, value, title, description)
        self.min_length = minLength
        self.max_length = maxLength

    def _limits(self) -> dict[str, Any]:
        return {"minLength": self.min_length, "maxLength": self.max_length}

    def _within_limits(self, value: Any) -> bool:
        return isinstance(value, str) and self.min_length <= len(value) <= self.max_length

    def example_value(self) -> Any:
        value = super().example_value()
        return "x" * max(1, self.min_length) if value is None else value


class NumberParamField(ParamField):
    """A number from `minimum` to `maximum`, or one of `enums`."""

    data_type = "number"

    def __init__(
        self,
        key: str,
        minimum: float = 0,
        maximum: float = 100,
        enums: Sequence[float] = (),
        required: bool = False,
        value: float = 0,
        title: str = "",
        description: str = "",
    ) -> None:
        super().__init__(key, enums, required, value, title, description)
        self.minimum = minimum
        self.maximum = maximum

    def _limits(self) -> dict[str, Any]:
        return {"minimum": self.minimum, "maximum": self.maximum}

    def _within_limits(self, value: Any) -> bool:
        return isinstance(value, (int, float)) and self.minimum <= value <= self.maximum

    def example_value(self) -> Any:
        value = super().example_value()
        return self.minimum if value is None else value


class IntegerParamField(NumberParamField):
    """A whole number from `minimum` to `maximum`, or one of `enums`."""

    data_type = "integer"

    def _within_limits(self, value: Any) -> bool:
        return isinstance(value, int) and super()._within_limits(value)


class BooleanParamField(ParamField):
    """True or false; `default` when the client says nothing."""

    data_type = "boolean"

    def __init__(
        self, key: str, title: str = "", default: bool = False, required: bool = False, description: str = ""
    ) -> None:
        super().__init__(key, (), required, default, title, description)
        self.default = default

    def _within_limits(self, value: Any) -> bool:
        return isinstance(value, bool)
