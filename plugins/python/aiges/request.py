"""The first name of `aiges.context.current`."""

from __future__ import annotations

from aiges.context import current as current_request

__all__ = ["current_request"]
