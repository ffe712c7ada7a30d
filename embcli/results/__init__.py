"""Frozen records that queries return: the JSON contract, and the schemas made from them.

A record's fields, in their order, are the keys of the JSON object. Fields that default to None are the extras of an
option and are left out when the option was not used. The type of a number says how JSON prints it (`numbers.py`).
"""
