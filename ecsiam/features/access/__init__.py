"""Grants of the task role by kind of resource: the table of kinds, an entry of a config, and its statements."""
