"""The pages of a query in a notebook: turned, sorted, with pictures, and with what an attribute's values are like."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from djnb.errors import describe
from djnb.jupyter.beside import Beside
from djnb.jupyter.live import free_comm, safe
from djnb.jupyter.widgets.closing import close
from djnb.query import Query

SIZES = (12, 25, 50, 100)
"""How many rows a page may be given."""

_STYLE = """<style>
.djnb-pages-code { font-size: var(--jp-ui-font-size1, 13px); line-height: 1.5;
  color: var(--jp-content-font-color2, #616161); }
.djnb-pages-code code { color: var(--jp-content-font-color1, inherit); background: var(--jp-layout-color2, #eeeeee);
  padding: 1px 4px; border-radius: 2px; overflow-wrap: anywhere; }
.djnb-pages-alert { font-size: var(--jp-ui-font-size1, 13px); overflow-wrap: anywhere;
  color: var(--jp-error-color0, var(--jp-error-color1, #b71c1c)); }
</style>"""


class PreviewPanel(widgets.VBox):  # type: ignore[misc] # ipywidgets has no types
    """
    The rows of a query page by page; the page in sight stays in the notebook's file as a table.

    Parameters
    ----------
    query : Query
        What is looked at.
    name : str
        How the user calls it, for the code that gives the same rows as a DataFrame.
    **options
        Those of `Query.pages`.

    Attributes
    ----------
    pages : Pages
        What is open.
    first, previous, next, last, refresh, keep : Button
        Where to; count the rows again; leave only the page in the notebook, in the place of the panel.
    page, size, sort, about : BoundedIntText, Dropdown
        The number of the page, the rows of a page, the attribute that they are sorted by and the one that is summed up.
    descending, pictures : ToggleButton
        The greatest first; arrays are drawn.
    table, summary, code, message : HTML
        What is shown.
    """

    def __init__(self, query: Query, name: str, **options: Any) -> None:
        self._query, self._name = query, name
        self._lock = threading.RLock()
        self._is_painting = False
        self._beside: Beside | None = None
        self.pages = query.pages(**options)
        self._make_controls()
        self.table, self.summary = widgets.HTML(), widgets.HTML()
        self.code, self.message = widgets.HTML(), widgets.HTML()
        self._bundle = self._paint()
        style = widgets.HTML(_STYLE, layout=widgets.Layout(display="none"))
        rows = [_row(*self._turning), _row(*self._looking)]
        shown = [style, *rows, self.message, self.table, self.code, self.summary]
        super().__init__(shown, layout=widgets.Layout(width="100%", overflow="hidden"))
        self._connect()

    def _make_controls(self) -> None:
        pages, heading = self.pages, self._query.heading
        by, _, direction = (pages.order_by or [""])[0].partition(" ")
        self.first = _button("First", "The first page")
        self.previous = _button("Previous", "The page before")
        self.next = _button("Next", "The page behind")
        self.last = _button("Last", "The last page")
        self.page = widgets.BoundedIntText(
            value=pages.number, min=1, max=pages.count, description="Page", **_narrow("7.5em", "3em")
        )
        self.extent = widgets.HTML()
        sizes = sorted({*SIZES, pages.limit})
        self.size = widgets.Dropdown(options=sizes, value=pages.limit, description="Rows", **_narrow("7.5em", "3em"))
        self.refresh = _button("Refresh", "Ask the database again, and count the rows again")
        names = heading.non_blobs
        self.sort = widgets.Dropdown(
            options=[("the primary key", ""), *((name, name) for name in names)],
            value=by if by in names else "",
            description="Sort by",
            **_narrow("16em", "4em"),
        )
        self.descending = _toggle("Descending", "The greatest first", value=direction.strip().upper() == "DESC")
        self.pictures = _toggle("Pictures", "Draw arrays of numbers", value=pages.pictures)
        self.about = widgets.Dropdown(
            options=[("none", ""), *((name, name) for name in names)],
            value="",
            description="Summary of",
            **_narrow("19em", "7em"),
        )
        self.keep = _button("Keep as table", "Leave this page in the notebook as a table, and close the panel")
        self._turning = [
            self.first, self.previous, self.page, self.extent, self.next, self.last, self.size, self.refresh
        ]  # fmt: skip
        self._looking = [self.sort, self.descending, self.about, *[self.pictures] * bool(heading.blobs), self.keep]

    def _connect(self) -> None:
        controls = [*self._turning, *self._looking]
        free_comm(*controls)
        pages = self.pages
        for button, turn in (
            (self.first, lambda: pages.turn(1)),
            (self.previous, lambda: pages.turn(pages.number - 1)),
            (self.next, lambda: pages.turn(pages.number + 1)),
            (self.last, lambda: pages.turn(pages.count)),
            (self.refresh, pages.recount),
        ):
            button.on_click(self._after(turn))
        for control, change in (
            (self.page, lambda: pages.turn(self.page.value)),
            (self.size, lambda: pages.resize(self.size.value)),
            (self.sort, self._sort),
            (self.descending, self._sort),
            (self.pictures, self._draw),
        ):
            control.observe(self._after(change), names="value")
        self.about.observe(safe(self.alert)(lambda _: self._sum_up()), names="value")
        self.keep.on_click(safe(self.alert)(lambda _: self.freeze()))

    def _after(self, change: Callable[[], Any]) -> Callable[..., None]:
        """Return a callback that changes what is open and paints it."""

        def run(_: Any) -> None:
            with self._lock:
                if not self._is_painting:
                    change()
                    self._paint()

        return safe(self.alert)(run)

    def _sort(self) -> None:
        down = " DESC" if self.descending.value else ""
        self.pages.sort(f"{self.sort.value or 'KEY'}{down}" if self.sort.value or down else None)

    def _draw(self) -> None:
        self.pages.pictures = self.pictures.value

    def _sum_up(self) -> None:
        name = self.about.value
        self.summary.value = self._query.summary(name).preview().html if name else ""
        self.message.value = ""

    def _paint(self) -> dict[str, str]:
        """Show the page that is open, and let the notebook keep it; return it as it is kept."""
        pages = self.pages
        shown = pages.preview()
        self._is_painting = True  # what is set here is no wish of the user
        try:
            self.table.value = shown.html
            self.page.max = pages.count
            self.page.value = pages.number
            self.extent.value = f"of {pages.count}"
            self.first.disabled = self.previous.disabled = pages.number == 1
            self.next.disabled = self.last.disabled = pages.number == pages.count
            code = escape(pages.code(self._name if self._name.isidentifier() else f"({self._name})"))
            self.code.value = f'<div class="djnb-pages-code">As a DataFrame: <code>{code}</code></div>'
            self.message.value = ""
        finally:
            self._is_painting = False
        bundle = shown._repr_mimebundle_()
        if self._beside is not None:
            self._beside.update(bundle)
        return bundle

    def alert(self, error: Exception) -> None:
        """Show what a click has raised; the page that was open stays in sight."""
        self.message.value = f'<div class="djnb-pages-alert" role="alert">{escape(describe(error))}</div>'

    def show(self) -> None:
        """Display the panel below the cell."""
        self._beside = Beside(self, self._bundle)

    def freeze(self) -> None:
        """Leave only the page that is open, as a table, and close the panel."""
        with self._lock:
            if self._beside is not None:
                self._beside.end()
            close(self)


def _row(*controls: Any) -> Any:
    layout = widgets.Layout(flex_flow="row wrap", grid_gap="4px 6px", align_items="center", width="auto")
    return widgets.HBox(list(controls), layout=layout)


def _button(words: str, tooltip: str) -> Any:
    # Words, not icons: a screen reader reads out the number of an icon's character.
    return widgets.Button(description=words, tooltip=tooltip, layout=widgets.Layout(width="auto", flex="0 0 auto"))


def _toggle(words: str, tooltip: str, *, value: bool) -> Any:
    layout = widgets.Layout(width="auto", flex="0 0 auto")
    return widgets.ToggleButton(value=value, description=words, tooltip=tooltip, layout=layout)


def _narrow(width: str, label: str) -> dict[str, Any]:
    """Return how wide a control and its label are."""
    return {"layout": widgets.Layout(width=width, flex="0 0 auto"), "style": {"description_width": label}}
