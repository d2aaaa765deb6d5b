"""Messages and methods of the plugin protocols, built from a committed descriptor set."""
