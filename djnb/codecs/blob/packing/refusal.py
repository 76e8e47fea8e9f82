"""What has no form in a blob, and what to do with it instead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath
from typing import Any

import numpy as np

from djnb.errors import BlobError


class NotPackableError(Exception):
    """A value that cannot be packed; the steps that lead to it are added on the way out."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        self.steps: list[str] = []

    def as_error(self) -> BlobError:
        """Return the error that names the place and what to do."""
        steps = self.steps[::-1]
        if len(steps) > 12:
            steps = [*steps[:6], "…", *steps[-3:]]
        return BlobError(f"`value{''.join(steps)}` cannot be packed: {self.reason}.", remedy=self.remedy)


def advise(value: Any) -> str:
    """Return what can be stored instead of a value of a class that has no form."""
    module = type(value).__module__.partition(".")[0]
    if isinstance(value, timedelta):
        return "Store the seconds, `x.total_seconds()`."
    if isinstance(value, np.void):
        return "Keep the row as an array of one: `x[i : i + 1]` instead of `x[i]`."
    if isinstance(value, PurePath):
        return "Store `str(path)`, or the file itself with the codec `attach` or `filepath`."
    if module == "pandas":
        return "Store `x.to_dict('list')`, `x.to_numpy()`, or rows of a table of its own."
    if hasattr(type(value), "__array__"):
        return "Store `numpy.asarray(x)`."
    if hasattr(type(value), "__next__"):
        return "Store `list(x)`."
    return "Store what it is made of: numbers, text, arrays, lists and dicts of these; or write a `dj.Codec` for it."


def refuse_dtype(dtype: np.dtype[Any]) -> NotPackableError:
    """Return the refusal of an array of a type that has no form."""
    remedy = "Convert it to a type of numbers, or to a list."
    if dtype.kind == "m":
        remedy = "Store the number of units, `x / numpy.timedelta64(1, 's')` for seconds."
    elif dtype.kind == "M" and dtype.isnative:
        remedy = "Convert it to a plain unit, `x.astype('datetime64[ns]')`."
    elif not dtype.isnative:
        remedy = "Convert it to this machine's byte order, `x.astype(x.dtype.newbyteorder('='))`."
    elif dtype.kind == "f":
        remedy = f"Convert it, `x.astype('{'float32' if dtype.itemsize == 2 else 'float64'}')`."
    elif dtype.kind == "c":
        remedy = "Convert it, `x.astype('complex128')`."
    elif dtype.kind in "ST":
        remedy = "Convert text with `x.astype(str)`; keep bytes as a list, `x.tolist()`."
    return NotPackableError(f"a blob has no form for arrays of `{dtype}`", remedy)
