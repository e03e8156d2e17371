"""The pictures of the README, taken from a session as its user has it; kept where `REDRAFT_PICTURES` says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "inventory"
LINES = [
    "        if quantity <= 0:\n",
    '            raise ValueError(f"quantity must be positive, not {quantity}")\n',
    "        available = self.available(sku)\n",
    "        if quantity > available:\n",
    "            raise InsufficientStock(sku, quantity, available)\n",
    "        self._levels[sku] = available - quantity\n",
]


@pytest.mark.skipif("REDRAFT_PICTURES" not in os.environ, reason="REDRAFT_PICTURES does not say where pictures are kept")
def test_pictures_of_the_readme(window, model, project, environment):
    config = Path(environment["REDRAFT_CONFIG"])
    config.write_text(config.read_text().replace('"scripted"', '"qwen2.5-coder"'))
    shutil.copytree(EXAMPLE / "src" / "inventory", project / "inventory")
    editor = window("\n", **{"workbench.colorTheme": "Default Dark Modern", "editor.fontSize": 13, "breadcrumbs.enabled": False})
    editor.model = "qwen2.5-coder"
    editor.page.set_viewport_size({"width": 900, "height": 520})
    editor.page.locator('.explorer-folders-view .monaco-list-row[aria-label*="inventory"]').click()
    text = (project / "inventory" / "stock.py").read_text()
    line = text[: text.index("raise NotImplementedError", text.index("def withdraw"))].count("\n") + 1
    editor.open("stock.py", line, 9)
    editor.press("Control+b")
    editor.ready()
    editor.menu("Implement")
    editor.shot("menu")
    editor.choose("Implement")
    call = model.next_call()
    call.send("".join(LINES[:4]))
    editor.see("if quantity > available")
    editor.lens("Stop").wait_for()
    editor.shot("streams")
    call.send("".join(LINES[4:]))
    call.finish()
    editor.rests()
    editor.lens("Keep").wait_for()
    editor.shot("stands")
    editor.press("Control+Alt+r", "p")
    editor.pick("Run a Prompt", "")
    editor.quick.locator(".monaco-list-row").first.wait_for()
    editor.page.wait_for_timeout(300)  # the picture is of what is shown, not of how it comes
    editor.shot("prompts")
    editor.press("Escape")
    editor.lens("Compare").click()
    editor.page.locator(".monaco-diff-editor .modified .view-line").first.wait_for()
    editor.page.wait_for_timeout(1_500)
    editor.shot("compare")
