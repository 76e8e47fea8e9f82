"""A picture in every language there is, and in files; where it comes from is another's business."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from djnb.diagram import show
from djnb.diagram.dot import identity, to_dot
from djnb.diagram.mermaid import to_mermaid
from djnb.diagram.picture import Picture
from djnb.diagram.render import Svg, can_draw, draw, draw_svg
from djnb.diagram.svg import to_svg
from djnb.diagram.tree import to_text
from djnb.errors import OperandError
from djnb.settings import get_config

_TEXTS = (".svg", ".dot", ".gv", ".mmd", ".txt")
_PICTURES = (".png", ".pdf")
"""What only graphviz can make."""


class Drawing(ABC):
    """Something that can be drawn."""

    @abstractmethod
    def picture(self) -> Picture:
        """Return what is drawn, as a value."""

    def make_dot(self) -> str:
        """Return the picture in the language of graphviz."""
        return to_dot(self.picture(), direction=get_config().display.diagram_direction)

    def make_mermaid(self) -> str:
        """Return the picture in the language of Mermaid."""
        return to_mermaid(self.picture(), direction=get_config().display.diagram_direction)

    def make_svg(self) -> Svg:
        """
        Return the picture as SVG, a text that shows itself in a notebook.

        Graphviz draws it where its program ``dot`` is installed, otherwise djnb itself; ``display.diagram_engine`` is
        the setting that decides.

        Raises
        ------
        MissingProgramError
            The setting asks for graphviz, which is not installed.
        """
        display, picture = get_config().display, self.picture()
        if display.diagram_engine == "dot" or (display.diagram_engine == "auto" and can_draw()):
            titles = {identity(node): node.title for node in picture.nodes}
            dot = to_dot(picture, direction=display.diagram_direction)
            return Svg(draw_svg(dot, title=picture.title, titles=titles))
        return Svg(to_svg(picture, direction=display.diagram_direction))

    def svg_string(self) -> str:
        """Return the picture as SVG; likewise."""
        return str(self.make_svg())

    def make_png(self) -> bytes:
        """
        Return the picture as PNG.

        Raises
        ------
        MissingProgramError
            Graphviz is not installed.
        """
        return draw(self.make_dot(), "png")

    def make_image(self) -> Any:
        """
        Return the picture as PNG, an image that shows itself in a notebook; likewise.
        """
        return show.Png(self.make_png())

    def draw(self) -> Svg:
        """Return the picture as SVG; the last line of a cell shows it."""
        return self.make_svg()

    def mermaid(self) -> show.Mermaid:
        """Return the picture in the language of Mermaid, a text that JupyterLab draws."""
        return show.Mermaid(self.make_mermaid())

    def save(self, filename: str | Path, format: str | None = None) -> None:  # noqa: A002 -- DataJoint's word
        """
        Write the picture to a file.

        Parameters
        ----------
        filename : str or Path
            Where to.
        format : str, optional
            ``svg``, ``png``, ``pdf``, ``dot``, ``mmd`` (Mermaid) or ``txt``; by default what the file's name ends with.

        Raises
        ------
        OperandError
            Neither the format nor the name's end is one of these.
        MissingProgramError
            It needs graphviz, which is not installed: ``png`` and ``pdf`` do.
        """
        path = Path(filename)
        suffix = f".{format.lstrip('.').lower()}" if format else path.suffix.lower()
        if suffix not in (*_TEXTS, *_PICTURES):
            raise OperandError(
                f"A diagram cannot be saved as '{suffix or path.name}'.",
                remedy=f"Let the name end with one of {', '.join((*_PICTURES, *_TEXTS))}.",
            )
        if suffix in _PICTURES:
            path.write_bytes(draw(self.make_dot(), suffix[1:]))
            return
        texts = {".svg": self.svg_string, ".mmd": self.make_mermaid, ".txt": self.__str__}
        text = texts.get(suffix, self.make_dot)()
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")

    def __str__(self) -> str:
        return to_text(self.picture())
