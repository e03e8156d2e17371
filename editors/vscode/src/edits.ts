// The server's edits in VS Code: those of one run are one step of undo, and no edit moves the cursor or takes the focus.

import { type TextDocument, type TextEditor, commands, window } from "vscode";
import type { ApplyWorkspaceEditParams, ApplyWorkspaceEditResult } from "vscode-languageclient/node";
import { TextDocumentEdit, TextEdit } from "vscode-languageclient/node";
import type { LanguageClient } from "vscode-languageclient/node";

type Next = (params: ApplyWorkspaceEditParams) => ApplyWorkspaceEditResult | PromiseLike<unknown>;

/** Edits of one open document, with nothing that asks its user. */
function plain(params: ApplyWorkspaceEditParams): { change: TextDocumentEdit; edits: TextEdit[] } | undefined {
  const [change, ...more] = params.edit.documentChanges ?? [];
  if (!change || more.length > 0 || !TextDocumentEdit.is(change)) {
    return undefined;
  }
  const edits = change.edits.filter((edit): edit is TextEdit => TextEdit.is(edit) && !("annotationId" in edit));
  return edits.length === change.edits.length ? { change, edits } : undefined;
}

/** See the file's head. */
export class Edits {
  /** The version that our last edit of a document left, and the one that an edit on its way will. */
  private readonly left = new WeakMap<TextDocument, number>();
  private readonly leaves = new WeakMap<TextDocument, number>();

  /** Whether the change that made a document's version was ours. */
  made(document: TextDocument): boolean {
    return this.leaves.get(document) === document.version;
  }

  /** A run begins: its first edit is a step of its own. */
  begins(document: TextDocument | undefined): void {
    if (document) {
      this.left.delete(document);
    }
  }

  async apply(client: LanguageClient, params: ApplyWorkspaceEditParams, next: Next): Promise<ApplyWorkspaceEditResult> {
    const one = plain(params);
    const editor = one && shown(client.protocol2CodeConverter.asUri(one.change.textDocument.uri).toString());
    if (!one || !editor) {
      // Only an editor's edits can be one step of undo; of a document that is not shown each is one.
      return (await next(params)) as ApplyWorkspaceEditResult;
    }
    const { document } = editor;
    const { version } = one.change.textDocument;
    if (version !== null && version !== document.version) {
      return { applied: false };
    }
    const before = document.version;
    const joins = this.left.get(document) === before;
    const edits = one.edits.map((edit) => ({
      range: client.protocol2CodeConverter.asRange(edit.range),
      text: edit.newText,
    }));
    const top = editor.visibleRanges[0]?.start.line ?? 0;
    this.leaves.set(document, before + 1);
    const applied = await editor.edit(
      (builder) => edits.forEach(({ range, text }) => builder.replace(range, text)),
      { undoStopBefore: !joins, undoStopAfter: false },
    );
    if (applied) {
      this.left.set(document, before + 1);
      await stay(editor, top, one.edits);
    } else {
      this.leaves.delete(document);
    }
    return { applied };
  }
}

/** Keeps what is in view where it is, to a line, though lines came or went above it. */
async function stay(editor: TextEditor, top: number, edits: readonly TextEdit[]): Promise<void> {
  const grown = edits
    .filter((edit) => edit.range.end.line < top)
    .reduce((lines, { range, newText }) => lines + newText.split("\n").length - 1 - (range.end.line - range.start.line), 0);
  // The command is about the editor that has the focus; in others VS Code does as it likes.
  if (grown !== 0 && editor === window.activeTextEditor) {
    const to = grown > 0 ? "down" : "up";
    await commands.executeCommand("editorScroll", { to, by: "line", value: Math.abs(grown), revealCursor: false });
  }
}

/** An editor that shows a document, the active one before others. */
function shown(uri: string): TextEditor | undefined {
  const shows = (editor: TextEditor | undefined): boolean => editor?.document.uri.toString() === uri;
  return shows(window.activeTextEditor) ? window.activeTextEditor : window.visibleTextEditors.find(shows);
}
