"""Pictures that show themselves in a notebook, and the picture with a table beside it. Strings only."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from djnb.layout import Preview

_STYLE = """<style>
.djnb-picture.djnb-picture { display: flex; flex-wrap: wrap; gap: 24px; align-items: flex-start; }
.djnb-picture.djnb-picture img { max-width: 100%; }
</style>"""


class Mermaid(str):
    """A picture in the language of Mermaid; JupyterLab draws it, others show the text."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/vnd.mermaid": str(self), "text/plain": str(self)}


class Png(bytes):
    """A picture as PNG; it shows itself in a notebook."""

    __slots__ = ()

    def _repr_png_(self) -> bytes:
        return bytes(self)


def beside(text: str, svg: str, table: Preview) -> dict[str, str]:
    """
    Return a picture with the same numbers in a table beside it, as a notebook shows it.

    The picture is an image of its own: no style of the page reaches into it, and where a page does not trust it, the
    table remains.
    """
    source = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    image = f'<img alt="The tables, as listed beside it" src="{source}">'
    return {"text/plain": text, "text/html": f'<div class="djnb-picture">{_STYLE}{image}{table.html}</div>'}
