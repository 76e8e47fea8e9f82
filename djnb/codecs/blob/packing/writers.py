"""Who writes a value: by its exact type, or by the first of its classes that has a form in a blob."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence, Sequence, Set
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from djnb.codecs.blob.matlab import MatCell, MatStruct
from djnb.codecs.blob.packing import arrays, containers
from djnb.codecs.blob.packing.parts import Children, Parts
from djnb.codecs.blob.packing.refusal import NotPackableError, advise
from djnb.codecs.blob.packing.scalars import SCALARS

Writer = Callable[[Parts, Any], Children | None]
"""It puts down the head of a value, and returns what is inside it, if anything."""


def _as_writer(say: Callable[[Any], bytes]) -> Callable[[Parts, Any], None]:
    def write(parts: Parts, value: Any) -> None:
        parts.scalar(say(value))

    return write


# The order matters: bool is an int, numpy.float64 a float, datetime a date, text and bytes are sequences.
_WRITERS: tuple[tuple[Any, Writer], ...] = (
    (MatCell, arrays.write_cell),
    (MatStruct, arrays.write_struct),
    ((np.ndarray, np.number, np.datetime64, np.bool_), arrays.write_array),
    (bool, _as_writer(SCALARS[bool])),
    (int, _as_writer(SCALARS[int])),
    (complex, _as_writer(SCALARS[complex])),
    (float, _as_writer(SCALARS[float])),
    ((date, time), containers.write_datetime),
    (Decimal, _as_writer(SCALARS[Decimal])),
    (UUID, _as_writer(SCALARS[UUID])),
    (Mapping, containers.write_dict),
    (str, _as_writer(SCALARS[str])),
    ((bytes, bytearray), containers.write_bytes),
    (MutableSequence, containers.write_list),
    (Sequence, containers.write_tuple),
    (Set, containers.write_set),
    (type(None), _as_writer(SCALARS[type(None)])),
)

EXACT_WRITERS: dict[type, Writer] = {
    dict: containers.write_dict,
    list: containers.write_list,
    tuple: containers.write_tuple,
    np.ndarray: arrays.write_array,
}
"""Of the types that most values have; the others are looked for among the classes above."""


def find_writer(value: Any) -> Writer:
    """Return what writes a value; raises ``NotPackableError`` where a blob has no form for it."""
    for classes, writer in _WRITERS:
        if isinstance(value, classes):
            return writer
    kind = type(value)
    raise NotPackableError(f"a blob has no form for `{kind.__module__}.{kind.__qualname__}`", advise(value))
