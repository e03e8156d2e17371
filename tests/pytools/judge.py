"""Judges a recorded session by LSP's official meta model (`tests/lspcheck`)."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import lspcheck

META_MODEL = Path(__file__).parent.parent / "lspcheck" / "metaModel.json"

# Neovim honours versioned documentChanges though it does not announce them, so Redraft sends them to it all the same.
NEOVIM = ("documentChanges without workspaceEdit.documentChanges",)
# While the user types, an edit may cross their change on the wire: the client drops it, and the server sends it anew. In
# the record it stands behind the change, so the rules on versions and ranges do not hold for such a session.
TYPING = ("edit for version", "past the end", "overlapping edits")


@functools.cache
def _meta_model() -> lspcheck.Model:
    return lspcheck.Model(META_MODEL)


def faults(log: Path, known: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with the server's messages in this record, but for what is known."""
    session = lspcheck.Session(_meta_model(), both=False, strict=True)
    for number, line in enumerate(log.read_text(encoding="utf8").splitlines(), 1):
        session.feed(number, line[0], json.loads(line[2:]))
    session.finish()
    assert session.n["S"] > 0, f"{log} holds no message of the server"
    return [f"{log.name}:{n}: {what}" for n, _, what in session.errs if not any(k in what for k in known)]
