"""The single-file store: write it atomically, open it by mmap, verify it."""
