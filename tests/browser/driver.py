"""Notebooks in a real browser: opened in JupyterLab or Notebook 7, run, clicked, looked at and saved."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import nbformat
from playwright.sync_api import Browser, Dialog, Locator, Page, expect, sync_playwright

from tests.browser.server import KERNEL, JupyterServer

FrontEnd = Literal["lab", "notebook"]

# The themes that both front ends come with.
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

OPEN_SECONDS = 60
CELL_SECONDS = 60
NOTEBOOK_SECONDS = 180
STEP_SECONDS = 20

# A laptop's window.
WIDTH, HEIGHT = 1280, 900

# No sandbox: as root, Chromium starts only without. It finds no host but this one.
OPTIONS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

# The number in the prompt comes when the kernel has answered and every output is shown.
ENDED = re.compile(r"^\[\d+\]:$")

# What a front end shows in place of a widget that it cannot draw.
DEAD_WIDGET = re.compile("model not found|Error displaying widget|Loading widget", re.IGNORECASE)

# The contrast ratio of WCAG 2. What lies behind a text are its ancestors, the nearest that is not transparent on top.
CONTRASTS = """area => {
    const parse = colour => {
        const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
        return {rgb: [red, green, blue], alpha};
    };
    const over = (top, rgb) => rgb.map((value, i) => top.rgb[i] * top.alpha + value * (1 - top.alpha));
    const behind = element => element
        ? over(parse(getComputedStyle(element).backgroundColor), behind(element.parentElement)) : [255, 255, 255];
    const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    const found = {};
    const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const is_ours = element.checkVisibility() && !element.closest("style, .jp-OutputPrompt");
        if (!is_ours || !walker.currentNode.data.trim()) continue;
        const ground = behind(element);
        const text = over(parse(getComputedStyle(element).color), ground);
        const [dark, light] = [luminance(text), luminance(ground)].sort((a, b) => a - b);
        found[walker.currentNode.data.trim()] = (light + 0.05) / (dark + 0.05);
    }
    return found;
}"""


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of code cells for the kernel of the tests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(cells)]
    )
    return _write(notebook, path)


def copy_notebook(source: Path, path: Path) -> Path:
    """Copy a notebook, for the kernel of the tests and without the outputs that it was saved with."""
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return _write(notebook, path)


def _write(notebook: Any, path: Path) -> Path:
    notebook.metadata.kernelspec = {"name": KERNEL, "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def contrasts(area: Locator) -> dict[str, float]:
    """Return, for each piece of text in an output, its contrast with its background, 1 to 21."""
    found: dict[str, float] = area.evaluate(CONTRASTS)
    return found


@contextmanager
def launched(executable: str) -> Iterator[Browser]:
    """Launch the browser of this machine, without a window, and close it at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, server: JupyterServer, path: Path, front_end: FrontEnd = "lab", theme: str = LIGHT
) -> Iterator[Notebook]:
    """Open a notebook below the server's root in a window of its own; end its kernel when it is closed."""
    # As a setting: JupyterLab's own scripts sometimes raise when the theme is changed in an open window.
    server.write_front_end_setting("@jupyterlab/apputils-extension/themes", {"theme": theme})
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    try:
        page = context.new_page()
        page.set_default_timeout(STEP_SECONDS * 1000)
        page.goto(_address(server, path, front_end), wait_until="domcontentloaded")
        yield Notebook(page, path)
    finally:
        context.close()
        server.end_kernels()


def _address(server: JupyterServer, path: Path, front_end: FrontEnd) -> str:
    relative = quote(path.relative_to(server.root).as_posix())
    # A new workspace each time: no other notebook is open beside this one.
    place = {"lab": f"lab/workspaces/{secrets.token_hex(4)}/tree", "notebook": "notebooks"}[front_end]
    return f"{server.address}/{place}/{relative}?token={server.token}"


class Notebook:
    """
    An open notebook.

    Cells are counted from 0. What a method waits for comes within seconds, or the test fails and shows what was there.

    Attributes
    ----------
    page : Page
        The window, as playwright gives it.
    errors : list of str
        The errors of scripts in the page since the notebook was ready, and the boxes that scripts opened.
    """

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.errors: list[str] = []
        self._path = path
        self._wait_until_ready()
        # From now on: some extensions of others raise while the page loads.
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._refuse)

    def cell(self, index: int) -> Locator:
        """Return a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """Return the output area of a cell, without the cell's source."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def text(self, index: int) -> str:
        """Return the text in the output of a cell, without the prompts."""
        return "\n".join(self.output(index).locator(".jp-OutputArea-output").all_inner_texts()).strip()

    def start(self, index: int) -> None:
        """Run a cell, without waiting for it."""
        prompt = self._prompt(index)
        before = prompt.inner_text()
        prompt.click()
        self.page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(before)

    def wait(self, index: int, *, seconds: float = CELL_SECONDS) -> None:
        """Wait until a cell has run and all its outputs are shown."""
        expect(self._prompt(index)).to_have_text(ENDED, timeout=seconds * 1000)

    def run(self, index: int) -> Locator:
        """Run a cell, wait for its end and return its output area."""
        self.start(index)
        self.wait(index)
        return self.output(index)

    def run_all(self) -> None:
        """Run all cells and wait for the last one, or for the first that fails."""
        self._command("notebook:run-all-cells", seconds=NOTEBOOK_SECONDS)

    def click(self, index: int, name: str) -> None:
        """Click a button in the output of a cell."""
        # The name of a button begins with its icon, which is a letter of a font.
        self.output(index).get_by_role("button", name=re.compile(rf"^\W*{re.escape(name)}$")).click()

    def interrupt(self) -> None:
        """Press the button ■ of the toolbar."""
        self.page.locator('[data-command="notebook:interrupt-kernel"], [data-jp-item-name="interrupt"]').first.click()

    def reload(self) -> None:
        """Load the page anew; the kernel goes on, and what was not saved is lost."""
        self.page.reload(wait_until="domcontentloaded")
        self._wait_until_ready()

    def save(self) -> Any:
        """Save the notebook and return what is in the file."""
        self._command("docmanager:save")
        return nbformat.read(self._path, as_version=4)

    def screenshot(self, path: Path) -> None:
        """Write a picture of the window, which is made high enough for the whole notebook."""
        hidden = self.page.locator(".jp-NotebookPanel").last.evaluate(
            """panel => Math.max(0, ...[...panel.querySelectorAll("*")]
                .filter(each => each.querySelector(".jp-Cell") && getComputedStyle(each).overflowY !== "visible")
                .map(each => each.scrollHeight - each.clientHeight))"""
        )
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT + hidden})
        self.page.screenshot(path=path, animations="disabled")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    def _prompt(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-InputArea-prompt")

    def _refuse(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":  # the page asks whether to leave what is not saved
            dialog.accept()
            return
        self.errors.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _wait_until_ready(self) -> None:
        self.page.wait_for_function(
            """() => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                return document.querySelector(".jp-Notebook .jp-Cell")
                    && panel?.context?.isReady && panel.sessionContext?.session?.kernel?.status === "idle";
            }""",
            timeout=OPEN_SECONDS * 1000,
        )

    def _command(self, name: str, arguments: dict[str, Any] | None = None, *, seconds: float = STEP_SECONDS) -> None:
        self.page.evaluate(
            """([name, args, seconds]) => Promise.race([
                window.jupyterapp.commands.execute(name, args).then(() => null),
                new Promise((_, fail) => setTimeout(() => fail(`${name} took over ${seconds} s`), 1000 * seconds)),
            ])""",
            [name, arguments or {}, seconds],
        )
