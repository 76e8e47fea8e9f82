"""What an error shows to anybody, and whether any of the password is in it."""

from __future__ import annotations

import traceback

import pytest

import djnb as dj
from djnb.errors import DataJointError

PASSWORD = "horse/battery#staple@9"
PARTS = ("horse", "battery", "staple")
"""Of the password; none of them may be said, wherever the address is cut."""


def refusal(url):
    """Return the error of connecting."""
    with pytest.raises(DataJointError) as caught:
        dj.Connection(url)
    return caught.value


def all_said(error):
    """Return everything that an error shows to anybody: texts, attributes, the whole traceback with its causes."""
    chain = [error]
    while chain[-1].__cause__ or chain[-1].__context__:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    texts = [text for e in chain for text in (str(e), repr(e), repr(vars(e)), repr(e.args))]
    return "\n".join([*texts, *traceback.format_exception(error)])


def leaks(text):
    return [part for part in PARTS if part in text]
