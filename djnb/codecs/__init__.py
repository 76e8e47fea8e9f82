"""
Values: how what Python holds becomes what a database keeps, and comes back.

A codec has a name, and a definition asks for it by that name: ``image : <blob>``.
``registry`` finds codecs by name; each built-in codec is a module or a folder of its own, imported when it is first
asked for. A new codec is one class:

>>> class Celsius(Codec):
...     name = "celsius"
...
...     def get_dtype(self, is_store):
...         return "float64"
...
...     def encode(self, value, *, key=None, store_name=None):
...         return value + 273.15
...
...     def decode(self, stored, *, key=None, store_name=None):
...         return stored - 273.15
"""

from __future__ import annotations

from djnb.codecs.registry import Codec, get_codec, list_codecs

__all__ = ["Codec", "get_codec", "list_codecs"]
