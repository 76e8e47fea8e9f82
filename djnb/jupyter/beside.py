"""
A plain view beside a panel: what stays in the notebook's file, which keeps no widget.

A front end shows the panel alone as long as it is there, and the plain view alone where the notebook is opened again.
"""

from __future__ import annotations

from typing import Any

from IPython.core import display_functions

LIVE = "djnb-live-panel"
"""The class of a panel in a page."""

_KEPT = "djnb-kept"

# Either is hidden by the other: the plain view by the panel above it, and, where there is no panel, what a front end
# shows in its place by the plain view below.
_STYLE = f"""<style>
.jp-OutputArea-child:has(.{LIVE}) + .jp-OutputArea-child:has(.{_KEPT}) {{ display: none; }}
.jp-OutputArea-child:has(+ .jp-OutputArea-child .{_KEPT}):not(
  :has(.{LIVE}, .{_KEPT}, .jp-RenderedHTMLCommon, .jp-RenderedText, .jp-RenderedImage)) {{ display: none; }}
</style>"""

_WIDGET = "application/vnd.jupyter.widget-view+json"


def kept(bundle: dict[str, str]) -> dict[str, str]:
    """Return a plain view as it stands beside a panel, and, where nobody looks, without one."""
    return {**bundle, "text/html": f'{_STYLE}<div class="{_KEPT}">{bundle["text/html"]}</div>'}


class Beside:
    """
    A panel that is displayed with a plain view below it.

    Parameters
    ----------
    widget : Widget
        The panel.
    bundle : dict
        The plain view, by the kinds of its texts.
    """

    def __init__(self, widget: Any, bundle: dict[str, str]) -> None:
        widget.add_class(LIVE)
        display: Any = display_functions.display
        view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        self._panel = display({_WIDGET: view}, raw=True, display_id=True)
        self._last = kept(bundle)
        self._plain = display(self._last, raw=True, display_id=True)

    def update(self, bundle: dict[str, str]) -> None:
        """Let the plain view be another; nothing is sent where it is the same."""
        shown = kept(bundle)
        if shown != self._last:
            self._last = shown
            self._plain.update(shown, raw=True)

    def end(self) -> None:
        """Take the panel out of the notebook; the plain view stays."""
        self._panel.update({}, raw=True)
