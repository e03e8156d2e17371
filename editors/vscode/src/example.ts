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
/** What the configuration's file says where there was none. */
export const CONFIGURATION = `# Redraft's configuration. It is yours alone: no workspace can change it. Without any, the embedded model is asked.
# docs/configuration.md of Redraft has all keys; a mistake is told with its line.

# A server on this machine (Ollama, llama.cpp, vLLM, LM Studio: anything with OpenAI's API), without a key:
#
# default_model = "mine"
#
# [[provider]]
# name = "local"
# kind = "openai"
# base_url = "http://127.0.0.1:11434/v1"
#
# [[model]]
# name = "mine"
# provider = "local"
# id = "qwen2.5-coder:7b"

# A hosted one: the key is in an environment variable of the editor, whose name (never the key) stands here.
#
# [[provider]]
# name = "anthropic"
# kind = "anthropic"
# api_key_env = "ANTHROPIC_API_KEY"
#
# [budget]          # US dollars
# per_day = 2.00
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
