"""Frozen records that queries return, which define the JSON output, and the schemas generated from them.

The fields of a record, in order, are the keys of the JSON object. Fields that default to None belong to an option and
are omitted without it. The type of a number determines its rounding in JSON (`numbers.py`).
"""
