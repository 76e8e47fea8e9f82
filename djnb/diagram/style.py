"""
How each tier and each kind of foreign key looks.

Nodes are white with dark text, lines of middle tone, so that one picture reads on light and dark pages alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from djnb.diagram.picture import Bond
from djnb.model.naming import Tier

LINE = "#8a8f98"
TEXT = "#1f2328"
FONT = "Helvetica,Arial,sans-serif"


@dataclass(frozen=True)
class Look:
    """
    How the tables of a tier look.

    Attributes
    ----------
    shape : str
        In the words of graphviz.
    stroke, fill : str
        Colours of the outline and the inside.
    size : int
        Of the letters, in points.
    brackets : tuple of (str, str)
        What Mermaid puts around the label for the shape.
    """

    shape: str
    stroke: str
    fill: str = "#ffffff"
    size: int = 12
    brackets: tuple[str, str] = ("[", "]")


LOOKS: dict[Tier | None, Look] = {
    Tier.MANUAL: Look("box", "#1a7f37", "#eaf6ec"),
    Tier.LOOKUP: Look("box", "#6e7781", "#f2f3f5", size=10),
    Tier.IMPORTED: Look("ellipse", "#0969da", "#e8f2fc", brackets=("([", "])")),
    Tier.COMPUTED: Look("ellipse", "#cf222e", "#fdecec", brackets=("([", "])")),
    Tier.PART: Look("plaintext", "#ffffff", size=10, brackets=("[", "]")),
    None: Look("box", "#8a8f98"),
}
"""By tier; None is for tables whose names are not DataJoint's."""

WIDTHS: dict[Bond, float] = {Bond.ONE_TO_ONE: 2.5, Bond.IN_KEY: 1.0, Bond.SECONDARY: 1.0}
"""Of lines, in points."""
