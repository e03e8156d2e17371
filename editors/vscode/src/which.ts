// Which run a command is about: the one that a lens names, the one at the cursor, or the one that its user picks.

import { type QuickPickItem, Uri, window, workspace } from "vscode";
import { meant } from "./meant";
import type { Run, Runs } from "./runs";
import { doing } from "./words";

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
  const sure = editor && meant(fitting, { uri: editor.document.uri.toString(), cursor: editor.selection, visible: editor.visibleRanges });
  if (sure) {
    return sure;
  }
  if (fitting.length === 0) {
    void window.showInformationMessage(`Redraft: ${none}`);
    return undefined;
  }
  const item = (run: Run): QuickPickItem & { run: Run } => ({
    label: run.report?.title ?? doing(run), description: named(run), run,
  });
  const picked = await window.showQuickPick(fitting.map(item), { title: "Redraft: Which?" });
  return picked?.run;
}
