"""Codes that the SDK itself answers with (plugin protocol 1 and 2). A wrapper's own codes pass through unchanged."""

OK = 0

INIT_ERROR = 30001
"""The wrapper module or its class `Wrapper` could not be loaded."""

USER_INIT_ERROR = 30002
"""The wrapper's `wrapperInit` raised or returned something other than 0."""

USER_EXEC_ERROR = 30003
"""A call of the wrapper raised, or returned something that is no answer."""


class InvalidInput(ValueError):
    """A request is not what the wrapper declares; the message says what is wrong. It is the client's fault, and the
    daemon tells it so. Raised before the wrapper is called; a wrapper may raise it as well."""
