"""Files are named as DataJoint names them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from djnb.errors import StoreError
from djnb.stores.paths import check_path, hash_of, hash_path, key_text


def test_hash_is_datajoints():
    """The hash of b"abc" is the one that DataJoint 2.3.5 computes."""
    assert "saavbgb42jh3bvuwh56sryl7oi" == hash_of(b"abc")
    assert "_hash/lab/sa/av/saavbgb42jh3bvuwh56sryl7oi" == hash_path(
        hash_of(b"abc"), "lab", prefix="_hash", folds=(2, 2)
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        ("a b", "a b"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (date(2024, 1, 31), "2024-01-31"),
        (datetime(2024, 1, 31, 13, 5, 9), "2024-01-31T13-05-09"),
    ],
)
def test_values_of_a_key_in_a_path(value, text):
    """What cannot stand in a path is percent-encoded."""
    assert text == key_text(value)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "C:/x", "a\\..\\x", "a\0b"])
def test_no_path_leads_out_of_a_store(path):
    """An absolute path, or one with `..`, is refused."""
    with pytest.raises(StoreError, match="leads out of the store"):
        check_path(path)
