"""The jobs of a table as HTML: a job in full, what is about to be done, what came of it. Strings only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from djnb.characters import width_of
from djnb.jobs.triage import ErrorGroup
from djnb.layout import key_text
from djnb.triage.board import Detail, View
from djnb.triage.deeds import Deed, count_jobs
from djnb.triage.downstream import Dependent
from djnb.triage.picture import number, short

LIVE = "djnb-job-panel"
"""The class of a panel in a page."""

STYLE = f"""<style>
.{LIVE} {{ font-size: var(--jp-ui-font-size1, 13px); color: var(--jp-content-font-color1, inherit); }}
.{LIVE} select[multiple] {{ font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, 13px); }}
.{LIVE} .djnb-jobs {{ line-height: 1.5; font-size: var(--jp-ui-font-size1, 13px);
  color: var(--jp-content-font-color1, inherit); overflow-wrap: anywhere; }}
.{LIVE} .djnb-jobs pre {{ margin: 4px 0; padding: 6px 8px; border-radius: 3px; overflow: auto; max-height: 18em;
  white-space: pre-wrap; background: var(--jp-layout-color2, #eeeeee); color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); }}
.{LIVE} .djnb-jobs pre.djnb-code {{ user-select: all; }}
.{LIVE} .djnb-jobs summary {{ cursor: pointer; }}
.{LIVE} .djnb-jobs p {{ margin: 2px 0; }}
.{LIVE} .djnb-jobs-quiet {{ color: var(--jp-content-font-color2, #616161); }}
.{LIVE} .djnb-jobs-error {{ border-left: 3px solid var(--jp-error-color1, #d32f2f); padding-left: 6px; }}
</style>"""

BESIDE_LIVE = f"""<style>
.jp-OutputArea-child:has(.{LIVE}) ~ .jp-OutputArea-child:has(.djnb-jobs-snapshot) {{ display: none; }}
.jp-OutputArea-child:has(+ .jp-OutputArea-child .djnb-jobs-snapshot):not(:has(.{LIVE})) {{ display: none; }}
</style>"""
"""
For the plain view beside a panel: it is not seen as long as the panel is there, and where the notebook is opened again
without a kernel, what a front end shows in place of the panel is not seen.
"""

_NBSP = "\u00a0"
_WIDTH = 110


def lines(rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> list[str]:
    """Return a page of jobs as lines under each other: key, state, priority, message."""
    cells = [
        [
            key_text({name: row[name] for name in key}),
            str(row["status"]),
            str(row["priority"]),
            short(row["error_message"], _WIDTH),
        ]
        for row in rows
    ]
    widths = [max((width_of(line[place]) for line in cells), default=0) for place in range(4)]
    return [
        (2 * _NBSP)
        .join(
            text.replace(" ", _NBSP) + _NBSP * (width - width_of(text) if place < 3 else 0)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        .rstrip(_NBSP)
        for line in cells
    ]


def kind(group: ErrorGroup) -> str:
    """Return a kind of error in a line, with how many jobs have it."""
    return f"{number(group.count)} \N{MULTIPLICATION SIGN} {short(group.message)}"


def place(view: View, selected: int, *, takes_all: bool) -> str:
    """Return which jobs the page shows, and how many are selected."""
    shown = f"{number(view.first)} to {number(view.last)} of {number(view.matching)}" if view.rows else "no jobs"
    chosen = "all that match" if takes_all else number(selected)
    return f'<div class="djnb-jobs" role="status">{shown}; {chosen} selected</div>'


def detail(job: Detail) -> str:
    """Return a job in full: its key, message, traceback and where it ran."""
    facts = " · ".join(f"{_name(name)} {escape(_fact(name, value))}" for name, value in job.facts.items())
    message = f'<p class="djnb-jobs-error">{escape(job.message)}</p>' if job.message else ""
    stack = ""
    if job.stack:
        stack = f'<pre tabindex="0" role="region" aria-label="Traceback">{escape(job.stack)}</pre>'
    return (
        f'<div class="djnb-jobs"><p><b>{escape(key_text(job.key))}</b> · {escape(job.status)}</p>'
        f'{message}<p class="djnb-jobs-quiet">{facts}</p>{stack}</div>'
    )


def _name(name: str) -> str:
    return {"reserved_time": "begun", "completed_time": "ended"}.get(name, name)


def _fact(name: str, value: Any) -> str:
    if name == "duration":
        return f"{value:.3g} s"
    return str(value)[:19] if isinstance(value, datetime) else str(value)


def question(deed: Deed) -> str:
    """Return what a person is asked, and what depends on it."""
    said = "This can be undone." if deed.is_undoable else "This cannot be undone."
    if not deed.count:
        said = "There is nothing to do."
    return (
        f'<div class="djnb-jobs" role="alert"><p><b>{escape(deed.question)}</b> '
        f'<span class="djnb-jobs-quiet">{said}</span></p>{_below(deed.dependents)}</div>{code(deed.code)}'
    )


def _below(dependents: Sequence[Dependent]) -> str:
    if not dependents:
        return ""
    items = "; ".join(
        f"{escape(each.table)} ({escape(each.tier.lower())}, "
        f"{number(each.rows)} row{'' if each.rows == 1 else 's'} of these)"
        for each in dependents[:20]
    )
    more = f"; and {len(dependents) - 20} more" if len(dependents) > 20 else ""
    return f"<p>What depends on this: {items}{more}.</p>"


def code(text: str) -> str:
    """Return the Python that does the same; a click selects all of it."""
    return (
        '<div class="djnb-jobs"><span class="djnb-jobs-quiet">The same in Python, to copy:</span>'
        f'<pre class="djnb-code" tabindex="0" role="region" aria-label="The same in Python">{escape(text)}</pre></div>'
    )


def told(text: str) -> str:
    """Return what came of something."""
    return f'<div class="djnb-jobs" role="status">{escape(text)}</div>'


ALERT = '<div class="djnb-jobs djnb-jobs-error" role="alert">'
"""How an error begins."""


def alert(text: str) -> str:
    """Return an error, which is read out at once."""
    return f"{ALERT}{escape(text)}</div>"


def title(text: str) -> str:
    """Return what stands before the states."""
    return f'<div class="djnb-jobs"><b>{escape(text)}</b></div>'


def do_words(deed: Deed) -> str:
    """Return what the button says that does it, with the exact number."""
    verb = {
        "retry": "Retry",
        "run": "Retry and run",
        "ignore": "Ignore",
        "prioritize": "Set priority of",
        "delete": "Delete",
        "release": "Give back",
    }[deed.verb]
    return f"{verb} {count_jobs(deed.count)}"
