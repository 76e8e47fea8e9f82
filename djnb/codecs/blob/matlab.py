"""
MATLAB's two containers as numpy arrays.

View an array as one of these to have `pack` write what MATLAB reads as a cell or a struct array;
`unpack` returns them for what MATLAB wrote.

>>> import numpy as np
>>> cell = np.array([1.5, "a"], dtype=object).view(MatCell)
>>> struct = np.array([(1, "x")], dtype=[("id", object), ("label", object)]).view(MatStruct)
>>> struct.label[0]
'x'
"""

from __future__ import annotations

from typing import Any

import numpy as np


class MatCell(np.ndarray[Any, np.dtype[Any]]):
    """A cell array of MATLAB: an array of objects."""


class MatStruct(np.recarray[Any, np.dtype[Any]]):
    """A struct array of MATLAB: an array of records whose fields are objects."""
