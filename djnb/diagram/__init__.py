"""
Pictures of a pipeline, as text: they are returned, never shown.

``picture`` what is drawn, as values · ``folding`` fewer nodes · ``marks`` numbers in nodes · ``style``, ``letters`` how
it looks · ``tree``, ``dot``, ``mermaid``, ``svg`` the languages · ``layered`` layout without graphviz · ``render``
graphviz · ``sources``, ``selection`` which tables · ``standings``, ``reach`` what is known of their rows · ``show``
pictures in notebooks · ``drawing``, ``diagram`` the face
"""

from __future__ import annotations

from djnb.diagram.diagram import Diagram

__all__ = ["Diagram"]
