"""The single-file store: atomic writing, opening by mmap, verification."""
