"""The checkers that docs/checks.md configures, so that what is tested is what is read there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
HEADING = "## Checkers that were tried"


def documented() -> dict[str, str]:
    """The blocks that the page has under its heading, by the names of their checkers."""
    section = PAGE.read_text().partition(HEADING)[2].partition("\n## ")[0]
    blocks = re.findall(r"^```toml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    checkers = [checker for block in blocks for checker in re.split(r"^(?=\[\[checker\]\])", block, flags=re.MULTILINE)]
    return {tomllib.loads(text)["checker"][0]["name"]: text for text in checkers if "[[checker]]" in text}
