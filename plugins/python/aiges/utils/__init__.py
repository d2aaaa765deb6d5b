"""Helpers that wrappers import: `aiges.utils.log`."""
