"""The plugin process: handshake, protocol 1 and protocol 2."""
