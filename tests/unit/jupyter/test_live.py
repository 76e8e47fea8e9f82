"""Where a run is shown, and whether a click arrives."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from djnb.jupyter.live import Place, can_click, free_comm, place


def shell(**kernel):
    """Return a shell as a kernel with these attributes has it."""
    return SimpleNamespace(kernel=SimpleNamespace(**kernel))


TERMINAL = SimpleNamespace()


class TestPlace:
    @pytest.fixture(autouse=True)
    def _as_a_person_does(self, monkeypatch):
        monkeypatch.delenv("PYTEST_VERSION", raising=False)

    def test_front_end_is_a_notebook(self):
        """JupyterLab and its like take input, so somebody is there."""
        assert Place.NOTEBOOK is place(shell(_allow_stdin=True))

    def test_program_that_executes_a_notebook_is_nobody(self):
        """nbclient, nbconvert and papermill take no input."""
        assert Place.NOBODY is place(shell(_allow_stdin=False))

    def test_shell_without_a_kernel_is_a_terminal(self):
        """IPython in a terminal gets a bar of text."""
        assert Place.TERMINAL is place(TERMINAL)

    @pytest.mark.parametrize("where", [shell(_allow_stdin=True), TERMINAL])
    def test_nothing_appears_under_pytest(self, where, monkeypatch):
        """nbval compares outputs: what comes and goes would differ each time."""
        monkeypatch.setenv("PYTEST_VERSION", "9")

        assert Place.NOBODY is place(where)

    def test_wish_for_silence_is_granted(self, monkeypatch):
        """DJNB_LIVE=0 shows nothing anywhere."""
        monkeypatch.setenv("DJNB_LIVE", "0")

        assert (Place.NOBODY, Place.NOBODY) == (place(shell(_allow_stdin=True)), place(TERMINAL))

    def test_wish_for_a_panel_is_granted(self, monkeypatch):
        """DJNB_LIVE=1 shows the panel in any kernel, under pytest too."""
        monkeypatch.setenv("DJNB_LIVE", "1")
        monkeypatch.setenv("PYTEST_VERSION", "9")

        assert Place.NOTEBOOK is place(shell(_allow_stdin=False))


class TestCanClick:
    @pytest.fixture(autouse=True)
    def _not_in_vs_code(self, monkeypatch):
        monkeypatch.delenv("VSCODE_PID", raising=False)

    def test_needs_subshells(self):
        """A kernel without subshells is busy with the cell."""
        assert (True, False, False) == (
            can_click(shell(_supports_kernel_subshells=True)),
            can_click(shell(_supports_kernel_subshells=False)),
            can_click(shell()),
        )

    def test_vs_code_uses_none(self, monkeypatch):
        """VS Code sends no click to a subshell."""
        monkeypatch.setenv("VSCODE_PID", "1")

        assert not can_click(shell(_supports_kernel_subshells=True))


class TestFreeComm:
    def test_front_end_decides_where_a_click_goes(self):
        """The kernel does not send a click back to the shell that is busy with the cell."""
        comm = SimpleNamespace(_reply_subshell_for=lambda data, default: "busy")

        free_comm(SimpleNamespace(comm=comm))

        assert "chosen by the front end" == comm._reply_subshell_for({}, "chosen by the front end")

    def test_other_kernels_are_left_alone(self):
        """Kernels without the method get none."""
        comm = SimpleNamespace()

        free_comm(SimpleNamespace(comm=comm), SimpleNamespace())

        assert {} == vars(comm)
