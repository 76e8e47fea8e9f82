"""
Boxes and lines laid out in layers, by our own hands, for where graphviz is not installed. Pure geometry.

``sheet`` what goes in and comes out · ``ranks`` the layer of each box · ``lanes`` strips for groups of boxes ·
``layers`` long lines in pieces · ``order`` few crossings · ``places`` straight lines · ``layout`` all of it
"""

from __future__ import annotations

from djnb.diagram.layered.layout import lay_out
from djnb.diagram.layered.sheet import Box, Line, Sheet

__all__ = ["Box", "Line", "Sheet", "lay_out"]
