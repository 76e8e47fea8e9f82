"""
Pictures of a pipeline, as text: they are returned, never shown.

``picture`` what is drawn, as values · ``selection`` which tables · ``style`` how each tier looks ·
``dot``, ``mermaid``, ``tree`` the languages · ``render`` graphviz · ``sources``, ``diagram`` the face
"""

from __future__ import annotations

from djnb.diagram.diagram import Diagram

__all__ = ["Diagram"]
