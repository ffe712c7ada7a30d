"""Models by name: open, build, export and manage them."""
