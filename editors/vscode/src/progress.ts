// Progress of runs as notifications that can be cancelled, for those who want it so; else the status bar tells.

import { type Disposable, type Progress as Told, ProgressLocation, window, workspace } from "vscode";
import type { Run } from "./runs";
import { doing, unlinked } from "./words";

interface Shown {
  readonly progress: Told<{ message: string }>;
  readonly end: () => void;
}

/** See the file's head. */
export class Progress implements Disposable {
  private readonly shown = new Map<string, Shown>();

  constructor(private readonly stop: (run: string) => void) {}

  /** Those that are at work now. */
  show(runs: readonly Run[]): void {
    const isWanted = workspace.getConfiguration("redraft").get<string>("progress", "statusBar") === "notification";
    const wanted = isWanted ? runs : [];
    for (const [id, { end }] of this.shown) {
      if (!wanted.some((run) => run.id === id)) {
        this.shown.delete(id);
        end();
      }
    }
    for (const run of wanted) {
      this.shown.get(run.id)?.progress.report({ message: unlinked(doing(run)) });
      if (!this.shown.has(run.id)) {
        this.begin(run);
      }
    }
  }

  private begin(run: Run): void {
    const options = { location: ProgressLocation.Notification, title: "Redraft", cancellable: true };
    void window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(() => this.stop(run.id));
      progress.report({ message: unlinked(doing(run)) });
      return new Promise<void>((resolve) => this.shown.set(run.id, { progress, end: resolve }));
    });
  }

  dispose(): void {
    this.show([]);
  }
}
