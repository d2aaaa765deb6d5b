"""Constants of the wrapper interface: `aiges.core.types`."""
