"""A real IPython shell for a test, and what comes out of its cells."""

from __future__ import annotations

import atexit
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Outcome:
    """
    What a cell left.

    Its value, the pictures of that, what was printed, the bar on standard error, the error, what it displayed.
    """

    value: Any = None
    data: dict[str, str] = field(default_factory=dict)
    printed: str = ""
    bar: str = ""
    error: BaseException | None = None
    displayed: list[dict[str, str]] = field(default_factory=list)


class Cells:
    """Runs cells in a shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.names: dict[str, Any] = shell.user_ns

    def run(self, cell: str) -> Outcome:
        """Run a cell as a notebook does."""
        formatted: dict[str, str] = {}
        hook = self.shell.displayhook

        def keep(data: dict[str, str], metadata: Any = None) -> None:
            formatted.update(data)

        before, hook.write_format_data = hook.write_format_data, keep
        try:
            with capture_output() as captured:
                result = self.shell.run_cell(cell, store_history=True)
        finally:
            hook.write_format_data = before
        text = _COLOUR.sub("", captured.stdout.removeprefix(f"Out[{result.execution_count}]: ")).strip()
        return Outcome(
            result.result,
            formatted,
            text,
            captured.stderr,
            result.error_before_exec or result.error_in_exec,
            [output.data for output in captured.outputs],
        )


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[InteractiveShell]:
    """Give IPython's shell, without history and without the developer's profile; the process is left as it was."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    main = sys.modules["__main__"]
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    shell.display_formatter.active_types = ["text/plain", "text/html"]
    yield shell
    shell.extension_manager.unload_extension("djnb")
    shell.reset(new_session=False)
    shell.restore_sys_module_state()
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = main
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)


@pytest.fixture
def cells(shell: InteractiveShell) -> Cells:
    """Give a notebook in which the extension is loaded."""
    shell.run_line_magic("load_ext", "djnb")
    return Cells(shell)
