"""``%load_ext djnb``: what is put into a shell, and taken out of it again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from djnb.jupyter import confirm, display_taking, formatters, show_jobs, show_run, tracebacks
from djnb.jupyter.magics import completion
from djnb.jupyter.magics.diagram import DiagramMagics
from djnb.jupyter.magics.dj import DjMagics
from djnb.jupyter.magics.jobs import JobMagics
from djnb.jupyter.magics.populate import PopulateMagics, without_body
from djnb.jupyter.magics.preview import PreviewMagics
from djnb.jupyter.magics.progress import ProgressMagics
from djnb.tables import consent

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_loaded: WeakKeyDictionary[Any, ExitStack] = WeakKeyDictionary()
"""What undoes the loading, by shell."""


_MAGICS = (DjMagics, PopulateMagics, ProgressMagics, DiagramMagics, PreviewMagics, JobMagics)


def load(shell: InteractiveShell) -> None:
    """Load the extension into a shell; nothing more happens where it is loaded already."""
    if shell in _loaded:
        return
    with ExitStack() as undo:
        undo.callback(formatters.install(shell))
        undo.callback(tracebacks.install(shell))
        undo.callback(show_run.install(shell))
        undo.callback(display_taking.install(shell))
        undo.callback(show_jobs.install(shell))
        undo.callback(completion.install(shell))
        undo.callback(_add_magics(shell, *_MAGICS))
        undo.callback(_add_transformer(shell, without_body))
        consent.set_asker(confirm.asker(shell))
        undo.callback(consent.set_asker, None)
        _loaded[shell] = undo.pop_all()


def unload(shell: InteractiveShell) -> None:
    """Take the extension out of a shell, and leave it as it was before."""
    undo = _loaded.pop(shell, None)
    if undo is not None:
        undo.close()


def _add_magics(shell: InteractiveShell, *classes: Any) -> Callable[[], None]:
    manager: Any = shell.magics_manager
    before = {kind: dict(magics) for kind, magics in manager.magics.items()}
    shell.register_magics(*classes)

    def undo() -> None:
        for cls in classes:
            manager.registry.pop(cls.__name__, None)
            for kind, names in cls.magics.items():
                for name in names:
                    manager.magics[kind].pop(name, None)
                    if name in before[kind]:
                        manager.magics[kind][name] = before[kind][name]

    return undo


def _add_transformer(shell: InteractiveShell, transformer: Callable[[list[str]], list[str]]) -> Callable[[], None]:
    # First of all: IPython's own would see a cell magic without a body, and make an error of it.
    shell.input_transformers_cleanup.insert(0, transformer)

    def undo() -> None:
        if transformer in shell.input_transformers_cleanup:
            shell.input_transformers_cleanup.remove(transformer)

    return undo
