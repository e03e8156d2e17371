// Which run a command is about: the one that a lens names, the one at the cursor, or the one that its user picks.

import { type QuickPickItem, type TextEditor, Uri, window, workspace } from "vscode";
import { type Run, Runs } from "./runs";
import { touches } from "./text";
import { doing } from "./words";

/** Whether something of a run is in view. */
function isInView(run: Run, editor: TextEditor): boolean {
  return run.uri === editor.document.uri.toString() && run.ranges.some((own) => editor.visibleRanges.some((range) => touches(own, range)));
}

function named(run: Run): string {
  const line = (run.ranges[0]?.start.line ?? 0) + 1;
  return `${workspace.asRelativePath(Uri.parse(run.uri))}:${line}`;
}

/**
 * @param id    the run that a lens names, if it is one
 * @param fits  which runs can be meant
 * @param none  what is said where there is none
 */
export async function which(runs: Runs, id: unknown, fits: (run: Run) => boolean, none: string): Promise<Run | undefined> {
  if (typeof id === "string") {
    return runs.get(id);
  }
  const fitting = runs.all().filter(fits);
  const editor = window.activeTextEditor;
  const here = editor ? runs.at(editor.document.uri.toString(), editor.selection).filter(fits) : [];
  const inView = editor ? fitting.filter((run) => isInView(run, editor)) : [];
  const [sure] = here.length > 0 ? here.slice(-1) : inView.length === 1 ? inView : [];
  if (sure) {
    return sure;
  }
  if (fitting.length === 0) {
    void window.showInformationMessage(`Redraft: ${none}`);
    return undefined;
  }
  // What is not in view is not guessed: a draft that is taken back by mistake is a loss.
  const item = (run: Run): QuickPickItem & { run: Run } => ({
    label: run.report?.title ?? doing(run), description: named(run), run,
  });
  const picked = await window.showQuickPick(fitting.map(item), { title: "Redraft: Which?" });
  return picked?.run;
}
