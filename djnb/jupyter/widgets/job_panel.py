"""The jobs of a table in a notebook: states, search, pages, and what may be done, by buttons."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import ipywidgets as widgets

from djnb.errors import OperandError, describe
from djnb.jobs.states import Status
from djnb.jupyter.live import free_comm, safe
from djnb.jupyter.widgets import job_html
from djnb.jupyter.widgets.closing import close
from djnb.triage.board import SORTS, Board
from djnb.triage.deeds import Deed, Verb
from djnb.triage.picture import number

BEAT = 3000
"""Milliseconds between two looks at the jobs."""

_VERBS: tuple[tuple[Verb, str, str], ...] = (
    ("retry", "Retry", "Have the selected jobs tried again"),
    ("run", "Retry and run here", "Have the selected jobs tried again, by this kernel in the background"),
    ("ignore", "Ignore", "Have the selected jobs passed over"),
    ("delete", "Delete", "Delete the selected jobs; a refresh makes new ones"),
    ("release", "Release stale", "Give back jobs whose workers are dead"),
)


class JobPanel:
    """
    Shows a board, and does what is clicked.

    Parameters
    ----------
    board : Board
        The jobs, what is chosen of them, and what may be done.
    changed : callable, optional
        Called when something else is to be seen.

    Attributes
    ----------
    widget : Widget
        What to display.
    states : dict
        The buttons of the states, by state, None for all.
    kinds, search, sort, jobs, takes_all, priority : Widget
        What is chosen.
    verbs : dict
        The buttons of what may be done, ``retry``, ``run``, ``ignore``, ``delete``, ``release``, ``prioritize``.
    confirm, cancel, undo : Button
        Answers.
    message, detail, question : HTML
        What is said.
    live : Checkbox
        Whether the panel looks again and again.
    clock : Play
        The front end's clock.
    """

    def __init__(self, board: Board, changed: Callable[[], None] | None = None) -> None:
        self.board = board
        self._changed = changed
        self._lock = threading.RLock()
        self._is_painting = False
        self._deed: Deed | None = None
        self._looked = 0.0
        self._make_choices()
        self._make_buttons()
        self.message, self.detail, self.question, self.place = (widgets.HTML() for _ in range(4))
        self.widget = self._laid_out()
        self._listen()
        self.alerting(self._begin)()

    # -- making

    def _make_choices(self) -> None:
        self.states: dict[str | None, Any] = {
            state: widgets.ToggleButton(
                description=state or "all",
                tooltip=f"Show the jobs that are {state}" if state else "Show all jobs",
                layout=widgets.Layout(width="auto", flex="0 0 auto"),
            )
            for state in (None, *map(str, Status))
        }
        wide = widgets.Layout(width="auto", flex="1 1 20em", min_width="0")
        self.kinds = widgets.Dropdown(description="Errors", options=[("all kinds", "")], layout=wide)
        self.search = widgets.Text(
            description="Search", placeholder="key or message", continuous_update=False, layout=wide
        )
        self.sort = widgets.Dropdown(
            description="Sort", options=list(SORTS), layout=widgets.Layout(width="auto", flex="0 1 16em")
        )
        self.jobs = widgets.SelectMultiple(description="Jobs", rows=10, layout=widgets.Layout(width="auto"))
        self.takes_all = widgets.Checkbox(
            description="all that match", indent=False, layout=widgets.Layout(width="auto", flex="0 0 auto")
        )
        self.priority = widgets.BoundedIntText(
            description="Priority", min=-128, max=127, value=5, layout=widgets.Layout(width="11em")
        )
        # The front end's clock beats, so that nobody looks for a page that is closed; browsers slow down hidden ones.
        self.clock = widgets.Play(max=10**9, interval=BEAT, playing=True, layout=widgets.Layout(display="none"))
        self.live = widgets.Checkbox(
            description="live", value=True, indent=False, layout=widgets.Layout(width="auto", flex="0 0 auto")
        )

    def _make_buttons(self) -> None:
        self.verbs: dict[Verb, Any] = {verb: _button(words, tooltip) for verb, words, tooltip in _VERBS}
        self.verbs["prioritize"] = _button("Set priority", "Give the selected jobs the priority; lower is sooner")
        self.verbs["delete"].button_style = "danger"
        self.verbs["retry"].button_style = "primary"
        self.first, self.back, self.on, self.again, self.undo = (
            _button("First", "The first page"),
            _button("Previous", "The page before"),
            _button("Next", "The next page"),
            _button("Refresh", "Look at the jobs now"),
            _button("Undo", "Undo what was done last"),
        )
        # JupyterLab takes the arrow keys for its own where a list has the focus.
        self.job_before = _button("Job before", "Select the job before the selected one")
        self.job_after = _button("Job after", "Select the job after the selected one")
        self.confirm, self.cancel = _button("", "Do it"), _button("Cancel", "Do nothing")

    def _laid_out(self) -> Any:
        def row(*items: Any) -> Any:
            layout = widgets.Layout(flex_flow="row wrap", grid_gap="2px 6px", align_items="center", width="auto")
            return widgets.HBox(list(items), layout=layout)

        self._asked = widgets.VBox(
            [self.question, row(self.confirm, self.cancel)], layout=widgets.Layout(display="none")
        )
        turning = row(self.first, self.back, self.on, self.job_before, self.job_after, self.place, self.takes_all)
        doing = row(*(self.verbs[verb] for verb, *_ in _VERBS), self.priority, self.verbs["prioritize"])
        style = widgets.HTML(job_html.STYLE, layout=widgets.Layout(display="none"))
        title = widgets.HTML(job_html.title(self.board.jobs.expression))
        whole = widgets.VBox(
            [
                style,
                row(title, *self.states.values()),
                row(self.search, self.kinds, self.sort),
                self.jobs,
                turning,
                doing,
                self._asked,
                row(self.undo, self.again, self.live, self.clock),
                self.message,
                self.detail,
            ],
            layout=widgets.Layout(max_width="80em", overflow="hidden"),
        )
        whole.add_class(job_html.LIVE)
        return whole

    def _listen(self) -> None:
        buttons: dict[Any, Callable[[], object]] = {
            self.first: partial(self._turn, self.board.turn_to_first),
            self.back: partial(self._turn, self.board.turn_back),
            self.on: partial(self._turn, self.board.turn_on),
            self.job_before: partial(self._step, -1),
            self.job_after: partial(self._step, 1),
            self.again: self.refresh,
            self.undo: self._undo,
            self.confirm: self._do,
            self.cancel: self._dismiss,
            **{button: partial(self._ask, verb) for verb, button in self.verbs.items()},
        }
        for button, act in buttons.items():
            button.on_click(partial(self._clicked, act))
        for state, toggle in self.states.items():
            self._observe(toggle, partial(self._choose, state=state))
        for choice in (self.search, self.sort):
            self._observe(choice, lambda: self._choose(state=self.board.state, kind=self.board.kind))
        self._observe(self.kinds, lambda: self._choose(state=self.board.state, kind=self.kinds.value or None))
        self._observe(self.jobs, self._select)
        self._observe(self.takes_all, self._take_all)
        self._observe(self.clock, self._beat)
        self._observe(self.live, self._go_live)
        free_comm(*buttons, *self.states.values(), self.search, self.sort, self.kinds, self.jobs, self.takes_all)
        free_comm(self.live, self.clock)

    def _clicked(self, act: Callable[[], object], button: Any) -> None:
        self.alerting(act)()

    def _observe(self, widget: Any, act: Callable[[], object]) -> None:
        def heard(change: Any) -> None:
            if not self._is_painting:
                self.alerting(act)()

        widget.observe(heard, "value")

    def alerting(self, act: Callable[[], object]) -> Callable[..., None]:
        """Return a callback that does something, and shows what it raises."""

        def run() -> None:
            with self._lock:
                act()

        return safe(self.alert)(run)

    # -- what is clicked

    def _begin(self) -> None:
        self.board.look_first()
        self._looked = time.monotonic()
        self.paint()

    def refresh(self) -> None:
        """Look at the jobs anew, and show them."""
        self.board.look()
        self._looked = time.monotonic()
        self.message.value = "" if self.message.value.startswith(job_html.ALERT) else self.message.value
        self.paint()

    def _beat(self) -> None:
        # Beats that came while the kernel was busy come together: one look is enough for them.
        if self._deed is not None or time.monotonic() - self._looked < BEAT / 2000:
            return
        if self.board.has_changed():
            self.refresh()
        self._looked = time.monotonic()

    def _go_live(self) -> None:
        self.clock.playing = self.live.value

    def _choose(self, *, state: str | None, kind: str | None = None) -> None:
        self._dismiss()
        self.board.choose(state=state, kind=kind, text=self.search.value, sort=self.sort.value)
        self.detail.value = ""
        self.board.look_at_choice()
        self.paint()

    def _turn(self, turn: Callable[[], object]) -> None:
        self._dismiss()
        turn()
        self.paint()

    def _select(self) -> None:
        rows = [self.board.view.rows[place] for place in self.jobs.value]
        self.board.select(rows)
        self.detail.value = job_html.detail(self.board.detail(rows[-1])) if rows else ""
        self.paint()

    def _step(self, by: int) -> None:
        count = len(self.board.view.rows)
        if count:
            begun = self.jobs.value[-1] if self.jobs.value else (-1 if by > 0 else count)
            self.jobs.value = (min(max(begun + by, 0), count - 1),)

    def _take_all(self) -> None:
        self.board.select_all(takes_all=self.takes_all.value)
        self._dismiss()
        self.paint()

    def _ask(self, verb: Verb) -> None:
        options = {"priority": self.priority.value} if verb == "prioritize" else {}
        deed = self.board.plan(verb, **options)
        self._deed = deed
        self.message.value = ""
        self.question.value = job_html.question(deed)
        self.confirm.description = self.confirm.tooltip = job_html.do_words(deed)
        self.confirm.disabled = not deed.count
        self.confirm.button_style = "danger" if verb == "delete" else "primary"
        self._asked.layout.display = None

    def _do(self) -> None:
        deed, self._deed = self._deed, None
        self._asked.layout.display = "none"
        if deed is not None:
            outcome = self.board.do(deed)
            self.message.value = job_html.told(outcome.text) + job_html.code(deed.code)
            self.detail.value = ""
            self.paint()

    def _dismiss(self) -> None:
        self._deed = None
        self._asked.layout.display = "none"

    def _undo(self) -> None:
        self._dismiss()
        self.message.value = job_html.told(self.board.undo())
        self.paint()

    def alert(self, error: Exception) -> None:
        """Show what a click has raised."""
        # What was asked wrongly needs no name of a class.
        self.message.value = job_html.alert(str(error) if isinstance(error, OperandError) else describe(error))

    # -- what is shown

    @contextmanager
    def _painting(self) -> Iterator[None]:
        self._is_painting = True
        try:
            yield
        finally:
            self._is_painting = False

    def paint(self) -> None:
        """Show the board as it is; a trait is sent only if its value has changed."""
        board, view = self.board, self.board.view
        with self._lock, self._painting():
            for state, toggle in self.states.items():
                toggle.description = f"{state or 'all'} {number(view.counts.get(state or 'total', 0))}"
                toggle.value = state == board.state
            kinds = [(job_html.kind(each), each.signature) for each in view.kinds]
            options = [("all kinds", ""), *kinds]
            if board.kind is not None and board.kind not in [signature for _, signature in kinds]:
                options.append(("none any more", board.kind))
            if list(self.kinds.options) != options:
                self.kinds.options = options
            self.kinds.value = board.kind or ""
            shown = job_html.lines(view.rows, board.jobs.primary_key)
            listed = [(line, place) for place, line in enumerate(shown)]
            if list(self.jobs.options) != listed:
                self.jobs.options = listed
            selected = {tuple(key.values()) for key in board.selected}
            key = board.jobs.primary_key
            self.jobs.value = [
                place for place, row in enumerate(view.rows) if tuple(row[name] for name in key) in selected
            ]
            self.takes_all.description = f"all {number(view.matching)} that match"
            self.takes_all.value = board.takes_all
            self.place.value = job_html.place(view, len(selected), takes_all=board.takes_all)
            self.first.disabled = self.back.disabled = view.first <= 1
            self.on.disabled = view.last >= view.matching
            self.undo.disabled = board.undo_of is None
            self.undo.tooltip = f"Undo: {board.undo_of.label}" if board.undo_of else "There is nothing to undo"
        if self._changed is not None:
            self._changed()

    def close(self) -> None:
        """Take the widgets out of the kernel."""
        close(self.widget)


def _button(words: str, tooltip: str) -> Any:
    return widgets.Button(description=words, tooltip=tooltip, layout=widgets.Layout(width="auto", flex="0 0 auto"))
