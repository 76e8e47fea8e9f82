"""What ``make`` printed and drew, as HTML that can be opened key by key. Strings only."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from djnb.populate.output import Output
from djnb.populate.view import short_key_text

_SHOWN = 10
"""The outputs of so many keys can be opened in a result; all of them are in ``.outputs``."""


def body(output: Output) -> str:
    """Return the text and the figures of an output."""
    text = f"<pre>{escape(output.text)}</pre>" if output.text else ""
    pictures = "".join(
        f'<img alt="Figure {number} of {escape(short_key_text(output.key))}" '
        f'src="data:image/png;base64,{b64encode(png).decode("ascii")}">'
        for number, png in enumerate(output.figures, start=1)
    )
    return f"{text}{pictures}"


def opened(output: Output) -> str:
    """Return an output under its key."""
    return f'<div class="djnb-run"><code>{escape(short_key_text(output.key))}</code>{body(output)}</div>'


def folded(outputs: Sequence[Output]) -> str:
    """Return outputs to be opened one by one, those of keys that failed first; empty where there are none."""
    if not outputs:
        return ""
    ordered = sorted(outputs, key=lambda output: not output.is_failed)
    items = "".join(
        f"<details><summary><code>{escape(short_key_text(each.key))}</code>: {each.extent}"
        f"{', failed' if each.is_failed else ''}</summary>{body(each)}</details>"
        for each in ordered[:_SHOWN]
    )
    if len(outputs) > _SHOWN:
        items += f"<div>… and those of {len(outputs) - _SHOWN} more keys in <code>.outputs</code></div>"
    return f'<div class="djnb-outputs">Printed and drawn by <code>make</code>:{items}</div>'
