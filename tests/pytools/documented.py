"""The blocks that docs/editors.md shows, so that what is tested is what is read there."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "editors.md"


def block(heading: str, language: str) -> str:
    """The first code block of this language below the heading that begins with these words."""
    section = re.search(rf"^## {re.escape(heading)}.*?(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert section, f"{PAGE.name} has no heading {heading!r}"
    found = re.search(rf"^```{re.escape(language)}\n(.*?)^```$", section[0], re.MULTILINE | re.DOTALL)
    assert found, f"{PAGE.name} has no {language} block below {heading!r}"
    return found[1]
