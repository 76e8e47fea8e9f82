"""What `dj.Top(...)` takes, and what it refuses, without a database."""

from __future__ import annotations

import numpy as np
import pytest

from djnb.algebra.top import MOST_ROWS, Top
from djnb.errors import OperandError


def test_takes_whole_numbers_of_any_kind():
    """Numbers of NumPy, and numbers beyond what a database counts."""
    assert (3, 2) == (Top(np.int64(3), offset=np.uint8(2)).limit, Top(1, offset=np.uint8(2)).offset)
    assert MOST_ROWS == Top(10**30).limit


def test_takes_names_one_by_one():
    """A generator of names is as good as a list."""
    assert ("a", "b DESC") == Top(1, (name for name in ["a", "b DESC"])).order_by


@pytest.mark.parametrize("order_by", [3, [3], ["a", None], True])
def test_refuses_an_order_that_names_nothing(order_by):
    """What was given is said, and what would be right."""
    with pytest.raises(OperandError, match=r"order_by=.*Give names"):
        Top(1, order_by)
