"""A running populate as HTML: a bar, the numbers, the key in hand, the errors. Strings only."""

from __future__ import annotations

from html import escape

from djnb.jupyter.watch import RunErrors, View, count_text, rate_text, seconds_text, short_key_text

_SHOWN = 5
"""How many groups of errors are shown."""

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
.djnb-run-errors ul { margin: 0; padding-left: 1.4em; }
</style>"""


def status(view: View) -> str:
    """Return the bar and what stands around it."""
    name, total = escape(view.table), max(view.total, 1)
    numbers = f"{view.done} of {view.total} · {100 * view.done // total}%"
    facts = [count_text(view.failed, "error")] if view.failed else []
    if view.skipped:
        facts.append(f"{view.skipped} already there")
    if view.rate is not None:
        facts.append(rate_text(view.rate))
    if view.seconds_left is not None and not view.is_stopping:
        facts.append(f"{seconds_text(view.seconds_left)} left")
    rest = f'<span class="djnb-run-quiet"> · {" · ".join(facts)}</span>' if facts else ""
    return (
        f'<div class="djnb-run"><div><b>{name}</b> {numbers}{rest}</div>'
        f'<div class="djnb-run-bar" role="progressbar" aria-label="{name}" aria-valuemin="0" '
        f'aria-valuemax="{view.total}" aria-valuenow="{view.done}" aria-valuetext="{numbers}">'
        f'<div class="djnb-run-made" style="width:{100 * (view.made + view.skipped) / total:.2f}%"></div>'
        f'<div class="djnb-run-failed" style="width:{100 * view.failed / total:.2f}%"></div></div>'
        f'<div class="djnb-run-quiet">{_hand(view)}</div></div>'
    )


def _hand(view: View) -> str:
    if view.key is None:
        return "&nbsp;"
    since = f" for {seconds_text(view.key_seconds)}" if view.key_seconds >= 1 else ""
    others = f" and {view.in_hand - 1} more" if view.in_hand > 1 else ""
    end = "; stopping after it" if view.is_stopping else ""
    return f"making <code>{escape(short_key_text(view.key))}</code>{others}{since}{end}"


def errors(groups: tuple[RunErrors, ...]) -> str:
    """Return the errors so far, the most frequent first; an empty string where there are none."""
    if not groups:
        return ""
    items = "".join(
        f"<li>{group.count} &times; {escape(group.text)} <span class='djnb-run-quiet'>"
        f"({'first at' if group.count > 1 else 'at'} <code>{escape(short_key_text(group.key))}</code>)</span></li>"
        for group in groups[:_SHOWN]
    )
    if len(groups) > _SHOWN:
        items += f"<li>and {count_text(len(groups) - _SHOWN, 'other kind')}</li>"
    return f'<div class="djnb-run djnb-run-errors" role="status"><ul>{items}</ul></div>'


def hint(text: str) -> str:
    """Return a quiet line."""
    return f'<div class="djnb-run djnb-run-quiet">{escape(text)}</div>'


def alert(text: str) -> str:
    """Return a line that is read out at once."""
    return f'<div class="djnb-run djnb-run-errors" role="alert">{escape(text)}</div>'
