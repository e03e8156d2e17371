// What can be done with a draft, above it: Keep · Revert · Again · what was checked, and Stop while it is written.

import { CodeLens, type CodeLensProvider, EventEmitter, Range, type TextDocument, workspace } from "vscode";
import type { Report } from "./protocol";
import { type Run, Runs } from "./runs";
import { checked, doing } from "./words";

/** See the file's head. */
export class Lenses implements CodeLensProvider {
  private readonly changes = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changes.event;

  constructor(private readonly runs: Runs) {}

  show(): void {
    this.changes.fire();
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    if (!workspace.getConfiguration("redraft", document).get<boolean>("codeLens", true)) {
      return [];
    }
    return this.runs.of(document.uri.toString()).flatMap((run) => lenses(run, document));
  }
}

function tooltip({ checked_by, not_checked }: Report): string {
  const own = not_checked.length > 0 ? `; not heard of: ${not_checked.join(", ")}` : "";
  return `Looked at by ${checked_by.join(", ") || "nobody"}${own}. That it does what you want is for you, or your tests, to say.`;
}

function lenses(run: Run, document: TextDocument): CodeLens[] {
  const [own] = run.ranges;
  if (!own) {
    return [];
  }
  // A body begins behind what stands above it: its lens stands above its first line.
  const isBehind = document.lineAt(Math.min(own.start.line, document.lineCount - 1)).text.slice(0, own.start.character).trim() !== "";
  const first = isBehind ? Math.min(own.start.line + 1, own.end.line) : own.start.line;
  const line = new Range(first, 0, first, 0);
  const lens = (title: string, command: string, tooltip: string): CodeLens =>
    new CodeLens(line, { title, command, tooltip, arguments: [run.id] });
  if (Runs.isAtWork(run)) {
    return [lens(`$(sync~spin) ${doing(run)}`, "redraft.showSent", "What was sent to the model"), lens("Stop", "redraft.stopRun", "What stands then stays")];
  }
  return [
    lens("$(check) Keep", "redraft.keepDraft", "The draft is yours"),
    lens("$(discard) Revert", "redraft.revertDraft", "Back to what stood there, but for what you typed"),
    lens("$(refresh) Again", "redraft.writeAgain", "Have it written once more"),
    lens("Change…", "redraft.changeDraft", "Say what is to be other"),
    lens("Other model…", "redraft.otherModel", "Have it written once more, by another model"),
    lens("Compare", "redraft.compareDraft", "With what stood there, in the diff editor"),
    ...(run.report ? [lens(checked(run.report), "redraft.showReport", tooltip(run.report))] : []),
  ];
}
