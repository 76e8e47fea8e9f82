"""What ``make`` displays goes to the output of its key, as what it prints does."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from djnb.populate import recorder

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_WIDGET = "application/vnd.jupyter.widget-view+json"


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Take what is displayed while a key is made; return what undoes it."""
    publisher: Any = shell.display_pub
    if not hasattr(publisher, "register_hook"):  # a terminal's, which prints
        return lambda: None

    def take(sink: recorder.Sink) -> Callable[[], None]:
        def hook(message: dict[str, Any]) -> dict[str, Any] | None:
            if _is_widget(message):
                return message
            _put(message, sink)
            return None

        publisher.register_hook(hook)  # of this thread only
        return lambda: publisher.unregister_hook(hook)

    recorder.set_display_taker(take)
    return lambda: recorder.set_display_taker(None)


def _is_widget(message: dict[str, Any]) -> bool:
    return _WIDGET in message["content"].get("data", {})


def _put(message: dict[str, Any], sink: recorder.Sink) -> None:
    data = message["content"].get("data", {})
    png = data.get("image/png")
    if png is not None:
        sink.draw(base64.b64decode(png) if isinstance(png, str) else png)
    elif "text/plain" in data:
        sink.write(f"{data['text/plain']}\n")
