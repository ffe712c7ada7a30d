"""Names into spaces: open, build, export and look after models."""
