// The lines of drafts, marked while they are written and until they are kept or reverted.

import { type Disposable, OverviewRulerLane, Range, ThemeColor, type TextEditor, window, workspace } from "vscode";
import type { Run, Runs } from "./runs";

/** See the file's head. */
export class Marks implements Disposable {
  private readonly type = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor("redraft.draftBackground"),
    overviewRulerColor: new ThemeColor("editorOverviewRuler.addedForeground"),
    overviewRulerLane: OverviewRulerLane.Left,
  });

  constructor(private readonly runs: Runs) {}

  /** Shows what is so in all editors of a document, or in all. */
  show(uri?: string): void {
    window.visibleTextEditors
      .filter((editor) => uri === undefined || editor.document.uri.toString() === uri)
      .forEach((editor) => this.mark(editor));
  }

  private mark(editor: TextEditor): void {
    const isWanted = workspace.getConfiguration("redraft", editor.document).get<boolean>("marks", true);
    const runs = isWanted ? this.runs.of(editor.document.uri.toString()) : [];
    editor.setDecorations(this.type, runs.flatMap(ranges));
  }

  dispose(): void {
    this.type.dispose();
  }
}

/** The lines that a run has written. */
function ranges(run: Run): Range[] {
  return run.written.map(({ start, end }) => {
    // What ends with a line's end has nothing in the next one.
    const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
    return new Range(start.line, 0, last, 0);
  });
}
