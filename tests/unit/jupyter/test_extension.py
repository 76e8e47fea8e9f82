"""Loading, reloading and unloading."""

from __future__ import annotations

import subprocess
import sys

import pytest

from djnb.errors import DataJointError, PopulateInterrupted
from djnb.jupyter.magics.populate import without_body
from djnb.populate import progress_bar
from djnb.tables import consent
from djnb.tables.metaclass import TableMeta


def state(shell):
    """Return all that the extension touches."""
    formatter = shell.display_formatter
    return {
        "line_magics": dict(shell.magics_manager.magics["line"]),
        "cell_magics": dict(shell.magics_manager.magics["cell"]),
        "registry": set(shell.magics_manager.registry),
        "transformers": list(shell.input_transformers_cleanup),
        "matchers": list(shell.Completer.custom_matchers),
        "bundle": formatter.mimebundle_formatter.type_printers.get(TableMeta),
        "text": formatter.formatters["text/plain"].type_printers.get(TableMeta),
        "pictures": [vars(cls).get("_render_traceback_") for cls in (DataJointError, PopulateInterrupted)],
        "display": progress_bar._display,
        "asker": consent._ask,
    }


class TestLoad:
    def test_brings_the_magics(self, cells):
        """After %load_ext there are %populate, %%populate and %progress."""
        magics = cells.shell.magics_manager.magics

        assert {"populate", "progress"} <= set(magics["line"])
        assert "populate" in magics["cell"]

    def test_twice_is_once(self, cells):
        """Loading it again changes nothing."""
        from djnb.jupyter import extension

        before = state(cells.shell)
        extension.load(cells.shell)

        assert before == state(cells.shell)

    def test_package_of_the_face_loads_too(self, shell):
        """`%load_ext djnb.jupyter` is the same."""
        shell.run_line_magic("load_ext", "djnb.jupyter")
        loaded = "populate" in shell.magics_manager.magics["cell"]
        shell.run_line_magic("unload_ext", "djnb.jupyter")

        assert loaded

    def test_takes_no_time(self):
        """What only a panel or a fetch needs is not imported yet."""
        code = (
            "import sys; from IPython.core.interactiveshell import InteractiveShell as S; "
            "S.instance().run_line_magic('load_ext', 'djnb'); "
            "late = {'ipywidgets', 'networkx', 'numpy', 'pandas', 'pydantic', 'pymysql', 'sqlglot'}; "
            "print(sorted(late & set(sys.modules)))"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert "[]" == done.stdout.strip()


class TestUnload:
    def test_leaves_the_shell_as_it_was(self, shell):
        """%unload_ext takes back everything."""
        before = state(shell)

        shell.extension_manager.load_extension("djnb")
        during = state(shell)
        shell.extension_manager.unload_extension("djnb")

        assert before == state(shell)
        assert before != during

    def test_magic_of_the_user_comes_back(self, shell):
        """A magic of the same name that was there before works again."""
        shell.register_magic_function(lambda line: line, "line", "progress")
        before = shell.magics_manager.magics["line"]["progress"]

        shell.run_line_magic("load_ext", "djnb")
        shell.run_line_magic("unload_ext", "djnb")

        assert before is shell.magics_manager.magics["line"]["progress"]

    def test_without_load_is_nothing(self, shell):
        """Unloading what is not loaded is no error."""
        from djnb.jupyter import extension

        extension.unload(shell)


class TestReload:
    def test_works_as_before(self, notebook):
        """%reload_ext leaves one of everything."""
        notebook.run("%reload_ext djnb")

        assert 1 == notebook.shell.input_transformers_cleanup.count(without_body)
        assert 1 == len(notebook.shell.Completer.custom_matchers)
        assert notebook.run("%progress").value["Analysis"] == (0, 5)


class TestHelp:
    @pytest.mark.parametrize("cell", ["%populate?", "%%populate?"])
    def test_tells_the_line_the_body_and_the_options(self, cell, cells):
        """Help names every option, and how the restriction is said."""
        shown = cells.run(cell).printed

        assert "%populate TABLE [& restriction] [options]" in shown
        assert all(
            option in shown
            for option in (
                "--restrict EXPR",
                "--max-calls N",
                "--suppress-errors",
                "--return-exception-objects",
                "-o NAME",
            )
        )
        assert "its last expression the restriction" in shown
