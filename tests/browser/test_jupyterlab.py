"""A real JupyterLab page in headless Chromium: the table is there, in light and dark, and text stays text.

Needs what `dev` does not bring: `pip install jupyterlab playwright` and a Chromium (Debian: `apt install chromium`).
GRADER_SHOTS=DIR keeps the pictures: look at them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
for module in ("jupyterlab", "playwright.sync_api"):
    pytest.importorskip(
        module, reason=f"NOT RUN: the real JupyterLab page needs pip install {module.partition('.')[0]}"
    )
if BROWSER is None:
    pytest.skip("NOT RUN: the real JupyterLab page needs a Chromium on the PATH", allow_module_level=True)

TOKEN = "for-this-test-only"
HOSTILE = "<script>window.hit=1</script><img src=x onerror='window.hit=1'>"
CELLS = (
    "%load_ext grader\nimport numpy as np",
    "%%grade append_one\ndef append_one(X):\n    return np.hstack([X, np.ones((len(X), 1))])\nappend_one(np.eye(1, 2))",
    "%%grade svm_loss_i\ndef svm_loss_i(s, y):\n    return np.maximum(0, s - s[y] + 1).sum()",
    f'def scores(X, W, b):\n    raise ValueError("{HOSTILE}")\ndef fold_bias(W, b):\n    raise NotImplementedError',
    "%grade scores fold_bias append_one svm_loss_i",
)
CONTRAST = """() => {
  const rgb = text => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = c => { const f = c.slice(0, 3).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126*f[0] + .7152*f[1] + .0722*f[2]; };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const parts = 'caption, th, td, td span, td div, summary, li';
  const found = [...document.querySelectorAll('.jp-OutputArea-output')].flatMap(o => [...o.querySelectorAll(parts)]);
  return found.map(e => { const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName, e.textContent.slice(0, 30)]; });
}"""

IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status == 'idle'"


@pytest.fixture
def lab(handout: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a server whose folder is a handout with a notebook in it."""
    desk = tmp_path / "desk"
    shutil.copytree(handout, desk)
    cells = [
        {"cell_type": "code", "id": f"c{n}", "source": s, "metadata": {}, "outputs": [], "execution_count": None}
        for n, s in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (desk / "work.ipynb").write_text(json.dumps(book))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = [f"JUPYTER_{what}_DIR" for what in ("CONFIG", "DATA", "RUNTIME")] + ["JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(tmp_path / name) for name in own}}
    options = [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}", "--allow-root", "--no-browser"]
    command = [sys.executable, "-m", "jupyterlab", *options, "--expose-app-in-browser"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=desk, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _until(lambda: urllib.request.urlopen(f"{address}/api?token={TOKEN}").status == 200, tmp_path / "log")
        yield f"{address}/lab/tree/work.ipynb?token={TOKEN}&reset"
    finally:
        server.terminate()
        server.wait(20)


def _until(done: Any, log: Path) -> None:
    for _ in range(300):
        try:
            if done():
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


@pytest.fixture
def page(lab: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=BROWSER, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 1500})
        page.goto(lab)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
        page.wait_for_function(IDLE, timeout=90_000)
        yield page
        browser.close()


def execute(page: Any, command: str, **arguments: object) -> None:
    page.evaluate(
        "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => 1)", [command, arguments]
    )


def test_the_table_in_a_page(page: Any, tmp_path: Path) -> None:
    shots = Path(os.environ.get("GRADER_SHOTS") or tmp_path)
    shots.mkdir(parents=True, exist_ok=True)
    execute(page, "notebook:run-all-cells")
    tables = page.locator(".jp-OutputArea-output table")
    tables.nth(2).wait_for(timeout=90_000)
    assert [tables.nth(n).locator("th[scope=row]").all_inner_texts() for n in range(3)] == [
        ["append_one"],
        ["svm_loss_i"],
        ["scores", "append_one", "fold_bias", "svm_loss_i"],
    ]
    badges = [tables.nth(n).locator("td:nth-child(2)").all_inner_texts() for n in range(3)]
    assert badges == [["✓ pass"], ["✗ fail"], ["✗ fail", "✓ pass", "○ to do", "✗ fail"]]
    assert "array([[1., 0., 1.]])" in page.locator(".jp-OutputArea").nth(1).inner_text()
    assert HOSTILE in tables.nth(2).inner_text()
    assert page.evaluate("window.hit") is None
    for theme in ("Light", "Dark"):
        execute(page, "apputils:change-theme", theme=f"JupyterLab {theme}")
        page.wait_for_selector(f"body[data-jp-theme-light={'true' if theme == 'Light' else 'false'}]", state="attached")
        page.wait_for_timeout(500)
        page.screenshot(path=shots / f"jupyterlab-{theme.lower()}.png")
        seen = page.evaluate(CONTRAST)
        assert len(seen) > 30
        assert min(seen)[0] >= 4.5, f"too little contrast in the {theme} theme: {min(seen)}"
        boxes = [tables.nth(n).bounding_box() for n in range(3)]
        assert all(box["x"] + box["width"] <= 1280 for box in boxes)

    # The cell is mended and run again: the page says which cell it is, and the earlier state is gone.
    right = CELLS[2].replace(".sum()", ".sum() - 1")
    page.evaluate(
        "text => window.jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.setSource(text)", right
    )
    execute(page, "notebook:run-all-cells")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-OutputArea-output table')].map(t => t.innerText)"
        ".filter(t => t.includes('✓ pass') && t.includes('svm_loss_i')).length == 2",
        timeout=60_000,
    )
    assert "5 cells run in this session" in tables.nth(2).locator("caption").inner_text()
