"""Where wrappers of the first SDK import the constants from; the same names as `aiges.core.types`."""

from aiges.core.types import *
