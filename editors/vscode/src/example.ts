// The example of the first run: a file of its user's own, with a function that is to be written.

import { type ExtensionContext, Range, Selection, type TextEditor, Uri, window, workspace } from "vscode";

const TEXT = `"""A shop's stock: what is there, and what it is worth."""

from dataclasses import dataclass


@dataclass
class Item:
    name: str
    quantity: int
    price: float


def total_value(items: list[Item]) -> float:
    """Return what all items are worth together: the sum of quantity times price."""
    raise NotImplementedError
`;
const PLACE = "raise NotImplementedError";

/** Opens the example with the cursor in the function. */
export async function example(context: ExtensionContext): Promise<TextEditor> {
  const file = Uri.joinPath(context.globalStorageUri, "example", "stock.py");
  await workspace.fs.createDirectory(Uri.joinPath(file, ".."));
  await workspace.fs.writeFile(file, new TextEncoder().encode(TEXT));
  const document = await workspace.openTextDocument(file);
  const editor = await window.showTextDocument(document);
  if (document.getText() !== TEXT) {
    // It is open with what was written the last time.
    const all = new Range(0, 0, document.lineCount, 0);
    await editor.edit((builder) => builder.replace(all, TEXT));
    await document.save();
  }
  const at = document.positionAt(Math.max(0, document.getText().indexOf(PLACE)));
  editor.selection = new Selection(at, at);
  return editor;
}
