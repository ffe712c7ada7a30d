"""Vectors and the arithmetic on them. `arithmetic.py` is the first tenant of this wing."""
