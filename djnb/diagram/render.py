"""Graphviz: text in its language becomes a picture, where its program ``dot`` is installed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from djnb.errors import MissingProgramError

MISSING = "Install graphviz (apt-get install graphviz, brew install graphviz, conda install graphviz)"
_SVG = "http://www.w3.org/2000/svg"


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
            f"A picture as {form.upper()} needs graphviz's program `dot`, which is not installed.",
            remedy=f"{MISSING}; or take SVG, `.svg`, which djnb draws itself, or Mermaid, `.mmd`.",
        ) from error


def draw_svg(dot: str, *, title: str, titles: Mapping[str, str]) -> str:
    """
    Return the picture as SVG that can stand within a page: without the lines that belong to a file of its own.

    Parameters
    ----------
    dot : str
        The text in the language of graphviz.
    title : str
        What is read out of the picture as a whole.
    titles : mapping
        What is read out of each node, by its name in the text.
    """
    drawn = draw(dot, "svg").decode("utf-8")
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ET.fromstring(re.sub(r"\A.*?(?=<svg)", "", drawn, flags=re.DOTALL))
    root.set("role", "img")
    root.set("aria-label", title)
    for group in root.iter(f"{{{_SVG}}}g"):
        for said in group.findall(f"{{{_SVG}}}title"):
            kind = group.get("class")
            if kind == "node":
                said.text = titles.get(said.text or "", said.text)
            elif kind == "graph":
                said.text = title
            else:  # of an edge or a frame: only what graphviz calls it
                group.remove(said)
    return ET.tostring(root, encoding="unicode")
