"""Graphviz: text in its language becomes a picture, where its program ``dot`` is installed."""

from __future__ import annotations

import re
import shutil

from djnb.errors import MissingProgramError

MISSING = "Install graphviz (apt-get install graphviz, brew install graphviz, conda install graphviz)"


class Svg(str):
    """An SVG picture as text; it shows itself in a notebook."""

    __slots__ = ()

    @property
    def data(self) -> str:
        """The text."""
        return str(self)

    def _repr_svg_(self) -> str:
        return str(self)


def can_draw() -> bool:
    """Tell whether graphviz's program is there."""
    return shutil.which("dot") is not None


def draw(dot: str, form: str) -> bytes:
    """
    Return the picture of a text in the language of graphviz.

    Parameters
    ----------
    dot : str
        The text.
    form : str
        ``svg``, ``png``, ``pdf`` and what else the program knows.

    Raises
    ------
    MissingProgramError
        The program ``dot`` is not there.
    """
    import graphviz

    try:
        return bytes(graphviz.Source(dot).pipe(format=form))
    except graphviz.ExecutableNotFound as error:
        raise MissingProgramError(
            "The picture needs graphviz's program `dot`, which is not installed.",
            remedy=f"{MISSING}, or take `make_mermaid()`, which needs nothing.",
        ) from error


def draw_svg(dot: str) -> Svg:
    """Return the picture as SVG that can stand within a page: without the lines that belong to a file of its own."""
    text = draw(dot, "svg").decode("utf-8")
    return Svg(re.sub(r"\A.*?(?=<svg)", "", text, flags=re.DOTALL).strip())
