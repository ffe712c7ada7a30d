"""Exact search: the best rows of a vocabulary and the ranks of given rows, for one question or many.

`engine.py` is the entry; `formulas.py` bounds scores, `local.py` reads the matrix, `scores.py` scores given rows.
"""
