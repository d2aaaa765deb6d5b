"""SDK for AI services written as Python wrappers: see `aiges.sdk.WrapperBase`."""

__version__ = "1.0.0"
