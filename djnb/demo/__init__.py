"""
A pipeline over real pictures: register, read, segment, count.

>>> from djnb.demo import Image, Pixels, Segmentation, activate
>>> activate()  # doctest: +SKIP
"""

from djnb.demo.catalogue import CORRECTIONS, REGISTERED
from djnb.demo.pipeline import Image, Method, Pixels, Segmentation, activate, schema, summary
from djnb.demo.segmentation import outline

__all__ = [
    "CORRECTIONS",
    "REGISTERED",
    "Image",
    "Method",
    "Pixels",
    "Segmentation",
    "activate",
    "outline",
    "schema",
    "summary",
]
