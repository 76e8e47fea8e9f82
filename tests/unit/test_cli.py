"""The command `djnb`: what it prints, what it leaves in the folder, and the code it exits with."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from djnb.cli import NOTEBOOK, main


class TestVersion:
    def test_version_is_printed(self, capsys):
        """`djnb --version` prints the installed version."""
        with pytest.raises(SystemExit) as left:
            main(["--version"])

        assert (0, f"djnb {version('djnb')}\n") == (left.value.code, capsys.readouterr().out)

    def test_command_line_does_without_ipython(self):
        """The command imports no IPython: it works where only the core is wanted."""
        code = "import sys, djnb.cli; print(sorted({'IPython', 'ipywidgets', 'pandas'} & set(sys.modules)))"

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert "[]\n" == done.stdout


class TestDemoThatCannotRun:
    def test_unreachable_server_is_told_without_traceback(self, capsys):
        """A server that does not answer ends the command with its message and the exit code 1."""
        code = main(["demo", "--database", "mysql://nobody@127.0.0.1:1"])

        message = capsys.readouterr().err
        assert (1, True, False) == (code, message.startswith("djnb: "), "Traceback" in message)

    def test_missing_pictures_are_told_with_the_command_that_installs_them(self, capsys, monkeypatch):
        """Without scikit-image the demo says how to install it."""
        monkeypatch.setitem(sys.modules, "skimage", None)

        code = main(["demo"])

        assert 1 == code
        assert "pip install 'djnb[lab]'" in capsys.readouterr().err

    def test_arguments_for_jupyter_are_refused(self, capsys):
        """Only `djnb lab` takes arguments after --."""
        with pytest.raises(SystemExit) as left:
            main(["demo", "--", "--no-browser"])

        assert 2 == left.value.code
        assert "only `djnb lab`" in capsys.readouterr().err


class TestLab:
    def test_missing_jupyterlab_is_told_with_the_command_that_installs_it(self, capsys, monkeypatch, tmp_path):
        """Without JupyterLab the command says how to install it, and copies nothing."""
        monkeypatch.setitem(sys.modules, "jupyterlab", None)

        code = main(["lab"])

        assert (1, []) == (code, list(tmp_path.iterdir()))
        assert "pip install 'djnb[lab]'" in capsys.readouterr().err

    def test_quickstart_is_copied_and_jupyterlab_called_with_it(self, capfd, tmp_path):
        """The notebook lands in the working directory, and what follows -- reaches JupyterLab."""
        code = main(["lab", "--", "--version"])

        assert (0, f"{NOTEBOOK} is copied here.\n{version('jupyterlab')}\n") == (code, capfd.readouterr().out)
        assert [NOTEBOOK] == [path.name for path in tmp_path.iterdir()]

    def test_own_copy_is_kept(self, capfd, tmp_path):
        """A quickstart that the user has changed is opened, never overwritten."""
        (tmp_path / NOTEBOOK).write_text("mine")

        main(["lab", "--", "--version"])

        assert "mine" == (tmp_path / NOTEBOOK).read_text()


class TestWork:
    def test_help_shows_how_a_server_and_a_cluster_run_it(self, capsys):
        """`djnb work --help` has the unit of systemd, the script of SLURM, and the exit codes."""
        with pytest.raises(SystemExit) as left:
            main(["work", "--help"])

        shown = capsys.readouterr().out
        assert 0 == left.value.code
        assert all(part in shown for part in ("KillMode=mixed", "#SBATCH --array=1-20", "Exit codes:"))

    @pytest.mark.parametrize(
        ("option", "said"),
        [
            (["--max-calls", "many"], "a whole number is needed, not 'many'"),
            (["--idle-exit", "-1"], "a number of seconds is needed, not '-1'"),
            (["--processes", "1.5"], "a whole number is needed, not '1.5'"),
        ],
    )
    def test_option_that_makes_no_sense_is_told(self, capsys, option, said):
        """A slip in an option ends the command before the module is imported."""
        with pytest.raises(SystemExit) as left:
            main(["work", "nowhere", *option])

        assert (2, True) == (left.value.code, said in capsys.readouterr().err)

    def test_module_runs_as_the_command(self):
        """`python -m djnb` is the command `djnb`."""
        done = subprocess.run([sys.executable, "-m", "djnb", "--version"], capture_output=True, text=True, check=True)

        assert f"djnb {version('djnb')}\n" == done.stdout
