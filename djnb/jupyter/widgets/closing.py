"""Taking widgets out of the kernel."""

from __future__ import annotations

from typing import Any


def close(widget: Any) -> None:
    """Close a widget, all within it, and the layouts and styles that they own."""
    for child in getattr(widget, "children", ()):
        close(child)
    for name in ("style", "layout"):
        owned = getattr(widget, name, None)
        if owned is not None:
            owned.close()
    widget.close()
