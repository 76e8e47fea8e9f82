"""The notebook's face: previews, magics, live panels. The only room that imports IPython or ipywidgets."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load the extension; ``%load_ext djnb`` and ``%load_ext djnb.jupyter`` do the same."""
    import_module("djnb.jupyter.extension").load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Unload the extension."""
    import_module("djnb.jupyter.extension").unload(shell)
