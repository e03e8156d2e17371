// The status bar: the model, what it does, and what today cost.

import { type Disposable, MarkdownString, StatusBarAlignment, ThemeColor, window } from "vscode";
import type { Overview } from "./protocol";
import type { Run } from "./runs";
import { bar, doing, dollars, escaped } from "./words";

const MENU = "redraft.menu";

/** See the file's head. */
export class StatusBar implements Disposable {
  private readonly item = window.createStatusBarItem("redraft.status", StatusBarAlignment.Right, 90);
  private overview: Overview | undefined;
  private problem: string | undefined;
  private missing: string | undefined;

  constructor() {
    this.item.name = "Redraft";
    this.item.command = MENU;
    this.item.text = "$(sparkle) Redraft";
    this.item.show();
  }

  /** What is at work. */
  show(runs: readonly Run[]): void {
    if (this.problem !== undefined) {
      return;
    }
    const toFetch = runs.length > 0 ? undefined : this.missing;
    this.item.text = toFetch === undefined ? bar(this.overview, runs) : "$(cloud-download) Redraft: fetch the model";
    this.item.command = toFetch === undefined ? MENU : { title: "Fetch the Model", command: "redraft.pullModel", arguments: [toFetch] };
    const lines = runs.map((run) => `- ${escaped(doing(run))} · [Stop](command:redraft.stopRun?${encodeURIComponent(JSON.stringify([run.id]))})`);
    const spent = this.overview?.spent_micro_usd;
    const tooltip = new MarkdownString(
      [
        `**Redraft**${this.overview?.model ? `: ${escaped(this.overview.model)}` : ""}`,
        ...(this.overview?.problem ? [escaped(this.overview.problem)] : []),
        ...(toFetch === undefined ? [] : [`${escaped(toFetch)} is not there yet: a click fetches it, or [choose another](command:redraft.chooseModel)`]),
        ...(spent ? [`Today ${dollars(spent.today)}, this month ${dollars(spent.month)}`] : []),
        lines.join("\n"),
      ].join("\n\n"),
    );
    tooltip.isTrusted = { enabledCommands: ["redraft.stopRun", "redraft.chooseModel"] };
    this.item.tooltip = tooltip;
    this.item.backgroundColor = this.overview?.problem ? new ThemeColor("statusBarItem.warningBackground") : undefined;
  }

  /** What the server says of itself; `missing` is the model that is to be fetched first. */
  tell(overview: Overview, missing: string | undefined): void {
    this.overview = overview;
    this.missing = missing;
    this.problem = undefined;
  }

  /** There is no server, and why. */
  fail(problem: string): void {
    this.problem = problem;
    this.item.text = "$(error) Redraft";
    this.item.command = MENU;
    this.item.tooltip = problem;
    this.item.backgroundColor = new ThemeColor("statusBarItem.errorBackground");
  }

  dispose(): void {
    this.item.dispose();
  }
}
