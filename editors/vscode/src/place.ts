// The place that a command is about: it moves with the text while its user is asked.

import { type TextDocument, window, workspace } from "vscode";
import { writes } from "./server";
import { type Range, mapped } from "./text";

export interface Place {
  readonly document: TextDocument;
  readonly uri: string;
  /** Where it is by now. */
  readonly range: () => Range;
  readonly isEmpty: boolean;
}

/** Has `work` done with the place of the cursor or the selection; told where no editor is. */
export async function atCursor(work: (place: Place) => Promise<void>): Promise<void> {
  const editor = window.activeTextEditor;
  if (!editor || !writes(editor.document)) {
    void window.showWarningMessage("Redraft: open a file of a language that Redraft writes, and put the cursor where it is to write.");
    return;
  }
  const { document } = editor;
  const { isEmpty, start, end } = editor.selection;
  const plain = ({ line, character }: typeof start): Range["start"] => ({ line, character });
  let range: Range = { start: plain(start), end: plain(end) };
  const listener = workspace.onDidChangeTextDocument((event) => {
    if (event.document !== document) {
      return;
    }
    // As they come, the last in the text first: none moves another.
    for (const { range: at, text } of event.contentChanges) {
      range = mapped(range, { range: at, newText: text });
    }
    if (isEmpty) {
      range = { start: range.end, end: range.end };
    }
  });
  try {
    await work({ document, uri: document.uri.toString(), range: () => range, isEmpty });
  } finally {
    listener.dispose();
  }
}
