"""Arrays in fetched values without their axes of length 1, as MATLAB's arrays have them."""

from __future__ import annotations

from typing import Any


def squeeze(value: Any) -> Any:
    """
    Return a value whose arrays, at any depth, have no axes of length 1.

    An array of a single number becomes the number. Lists, tuples and dicts keep their lengths.
    """
    import numpy as np

    match value:
        case np.ndarray():
            return _squeeze_array(value)
        case dict():
            return {key: squeeze(item) for key, item in value.items()}
        case list():
            return [squeeze(item) for item in value]
        case tuple() if type(value) is tuple:
            return tuple(squeeze(item) for item in value)
    return value


def _squeeze_array(array: Any) -> Any:
    import numpy as np

    squeezed = array.squeeze()
    if squeezed.dtype.names:
        if not squeezed.dtype.hasobject:
            return squeezed
        squeezed = squeezed.copy()  # what was fetched may be shared
        for name in squeezed.dtype.names:
            if squeezed.dtype[name].hasobject:
                squeezed[name] = _squeeze_objects(squeezed[name])
        return squeezed
    if squeezed.ndim == 0:
        item = squeezed.item()
        return squeeze(item) if squeezed.dtype.hasobject else item
    if squeezed.dtype.hasobject:
        return _squeeze_objects(np.asarray(squeezed)).view(type(squeezed))
    return squeezed


def _squeeze_objects(array: Any) -> Any:
    import numpy as np

    result = np.empty(array.shape, dtype=object)
    for index, item in np.ndenumerate(array):
        result[index] = squeeze(item)
    return result
