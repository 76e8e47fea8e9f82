"""A run as HTML: a bar, the numbers, the keys in hand, the errors, how long keys took. Strings only."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from djnb.populate.view import (
    Hand,
    RunErrors,
    Stage,
    View,
    count_text,
    duration_text,
    histogram,
    rate_text,
    seconds_text,
    short_key_text,
)

_SHOWN = 5
"""How many groups of errors are shown."""

_HANDS = 8
"""How many keys in hand are shown."""

STYLE = """<style>
.djnb-run { font-size: var(--jp-ui-font-size1, 13px); line-height: 1.5; color: var(--jp-content-font-color1, inherit);
  font-variant-numeric: tabular-nums; }
.djnb-run-bar { display: flex; height: 8px; margin: 3px 0; border-radius: 4px; overflow: hidden;
  background: var(--jp-layout-color3, #e0e0e0); }
.djnb-run-made { background: var(--jp-brand-color1, #1976d2); }
.djnb-run-failed { background: var(--jp-error-color1, #d32f2f); }
.djnb-run-quiet { color: var(--jp-content-font-color2, #616161); }
.djnb-run code { color: var(--jp-content-font-color1, inherit); background: var(--jp-layout-color2, #eeeeee);
  padding: 0 3px; border-radius: 2px; overflow-wrap: anywhere; }
.djnb-run-errors { color: var(--jp-error-color0, var(--jp-error-color1, #b71c1c)); }
.djnb-run ul, .djnb-run ol { margin: 0; padding-left: 1.4em; }
.djnb-run ol.djnb-run-stages { list-style: none; padding-left: 0; display: flex; flex-wrap: wrap; gap: 0 1.2em; }
.djnb-run pre { margin: 4px 0; padding: 4px 8px; max-height: 24em; overflow: auto; white-space: pre-wrap;
  color: var(--jp-content-font-color1, inherit); background: var(--jp-layout-color2, #f5f5f5); }
.djnb-run img { max-width: 100%; background: white; }
.djnb-run-bins { display: flex; align-items: flex-end; gap: 2px; height: 64px; }
.djnb-run-bins span { flex: 1 1 0; background: var(--jp-brand-color1, #1976d2); min-width: 4px; }
.djnb-run-ends { display: flex; justify-content: space-between; }
</style>"""


def status(view: View) -> str:
    """Return the bar and what stands around it."""
    stage = view.stage
    name, count = escape(stage.table), stage.total or 0
    total = max(count, 1)
    numbers = f"{stage.done} of {count} · {100 * stage.done // total}%"
    facts = [count_text(stage.failed, "error")] if stage.failed else []
    if stage.skipped:
        facts.append(f"{stage.skipped} already there")
    if view.rate is not None and not view.is_over:
        facts.append(rate_text(view.rate))
    if view.seconds_left is not None and not (view.is_stopping or view.is_paused or view.is_over):
        facts.append(f"{seconds_text(view.seconds_left)} left")
    rest = f'<span class="djnb-run-quiet"> · {" · ".join(facts)}</span>' if facts else ""
    return (
        f'<div class="djnb-run">{_stages(view)}<div><b>{name}</b> {numbers}{rest}</div>'
        f'<div class="djnb-run-bar" role="progressbar" aria-label="{name}" aria-valuemin="0" '
        f'aria-valuemax="{count}" aria-valuenow="{stage.done}" aria-valuetext="{numbers}">'
        f'<div class="djnb-run-made" style="width:{100 * (stage.made + stage.skipped) / total:.2f}%"></div>'
        f'<div class="djnb-run-failed" style="width:{100 * stage.failed / total:.2f}%"></div></div>'
        f'<div class="djnb-run-quiet">{_now(view)}</div></div>'
    )


def _stages(view: View) -> str:
    """Return the tables of a run, where it has several."""
    if len(view.stages) == 1:
        return ""
    items = "".join(_stage(stage, is_current=place == view.current) for place, stage in enumerate(view.stages))
    return f'<ol class="djnb-run-stages djnb-run-quiet" aria-label="Tables of this run">{items}</ol>'


def _stage(stage: Stage, *, is_current: bool) -> str:
    mark = "✓" if stage.is_over and not stage.failed else "✗" if stage.is_over else "▸" if is_current else "·"
    counts = "waiting" if stage.total is None else f"{stage.done}/{stage.total}"
    current = ' aria-current="step"' if is_current else ""
    return f"<li{current}>{mark} {escape(stage.table)} {counts}</li>"


def _now(view: View) -> str:
    """Return what is being done at this moment."""
    if view.is_over:
        return "ended"
    if view.seconds_away is not None:
        return (
            f"the database does not answer, for {seconds_text(view.seconds_away)} now; "
            "the run goes on when it does, and gives up after two minutes"
        )
    if not view.hands:
        return "paused" if view.is_paused else "stopping" if view.is_stopping else "&nbsp;"
    end = "; stopping after it" if view.is_stopping else "; pausing after it" if view.is_paused else ""
    if len(view.hands) == 1:
        return f"making {_hand(view.hands[0])}{end}"
    items = "".join(
        f"<li>{f'worker {escape(hand.worker)}: ' if hand.worker else ''}{_hand(hand)}</li>"
        for hand in view.hands[:_HANDS]
    )
    more = f" ({_HANDS} of {len(view.hands)} keys shown)" if len(view.hands) > _HANDS else ""
    return f"making{end.replace('after it', 'after these')}{more}<ul>{items}</ul>"


def _hand(hand: Hand) -> str:
    since = f" for {seconds_text(hand.seconds)}" if hand.seconds >= 1 else ""
    return f"<code>{escape(short_key_text(hand.key))}</code>{since}"


def errors(groups: tuple[RunErrors, ...]) -> str:
    """Return the errors so far, the most frequent first; an empty string where there are none."""
    if not groups:
        return ""
    several = len({group.table for group in groups}) > 1
    items = "".join(
        f"<li>{group.count} &times; {escape(f'{group.table}: ' if several else '')}{escape(group.text)} "
        f"<span class='djnb-run-quiet'>({'first at' if group.count > 1 else 'at'} "
        f"<code>{escape(short_key_text(group.key))}</code>)</span></li>"
        for group in groups[:_SHOWN]
    )
    if len(groups) > _SHOWN:
        items += f"<li>and {count_text(len(groups) - _SHOWN, 'other kind')}</li>"
    return f'<div class="djnb-run djnb-run-errors" role="status"><ul>{items}</ul></div>'


def durations(seconds: Sequence[float]) -> str:
    """Return how long keys took as a histogram, whose numbers are also there as text."""
    bins = histogram(seconds)
    if not bins:
        return hint("No key has ended yet.")
    middle = sorted(seconds)[len(seconds) // 2]
    said = (
        f"{count_text(len(seconds), 'key')} took {duration_text(bins[0].low)} to {duration_text(bins[-1].high)}, "
        f"half of them up to {duration_text(middle)}"
    )
    most = max(each.count for each in bins)
    bars = "".join(
        f'<span style="height:{100 * each.count / most:.0f}%" '
        f'title="{count_text(each.count, "key")} of {duration_text(each.low)} to {duration_text(each.high)}"></span>'
        for each in bins
    )
    return (
        f'<div class="djnb-run"><div class="djnb-run-quiet">{said}</div>'
        f'<div class="djnb-run-bins" role="img" aria-label="Histogram: {said}">{bars}</div>'
        f'<div class="djnb-run-ends djnb-run-quiet" aria-hidden="true"><span>{duration_text(bins[0].low)}</span>'
        f"<span>{duration_text(bins[-1].high)}</span></div></div>"
    )


def hint(text: str) -> str:
    """Return a quiet line."""
    return f'<div class="djnb-run djnb-run-quiet">{escape(text)}</div>'


def alert(text: str) -> str:
    """Return a line that is read out at once."""
    return f'<div class="djnb-run djnb-run-errors" role="alert">{escape(text)}</div>'
