// The runs that the server told of: where each is at work or its draft stands, and how that goes.

import { AT_WORK, type Begun, type Report, type State, type Status } from "./protocol";
import { compare, mapped, type Position, type Range, type TextEdit, touches } from "./text";

export interface Run {
  readonly id: string;
  readonly uri: string;
  readonly state: State;
  readonly model: string;
  readonly round: number;
  readonly tokens: number;
  /** In micro-dollars. */
  readonly cost: number | null;
  readonly message: string | null;
  /** All that it may change, the draft's own range first. */
  readonly ranges: readonly Range[];
  /** What it has written so far, in the document as it stands. */
  readonly written: readonly Range[];
  /** What was checked, once the draft stands. */
  readonly report?: Report;
}

/** How often a report is asked for again that is of an older text. */
const AGAIN = 4;

/** So many of those that are over are remembered, for what was sent and what was checked. */
const REMEMBERED = 32;

/** See the file's head. What is not of VS Code is given, so that it is tested without. */
export class Runs {
  private readonly runs = new Map<string, Run>();
  /** So many reports are on their way. */
  private asked = 0;

  /**
   * @param report asks the server for a run's report
   * @param version the version of a document, if it is open
   * @param told   is told which document's runs have changed
   * @param moved  is told in which document only their places have
   */
  constructor(
    private readonly report: (run: string) => Promise<Report>,
    private readonly version: (uri: string) => number | undefined,
    private readonly told: (uri: string) => void,
    private readonly moved: (uri: string) => void,
  ) {}

  static isAtWork(run: { readonly state: State }): boolean {
    return AT_WORK.includes(run.state);
  }

  static stands(run: Run): boolean {
    return run.report?.stands ?? false;
  }

  /** Whether no draft is at work or waits to be judged, as far as that is known. */
  get isQuiet(): boolean {
    return this.asked === 0 && !this.all().some((run) => Runs.isAtWork(run) || Runs.stands(run));
  }

  get(id: string): Run | undefined {
    return this.runs.get(id);
  }

  all(): readonly Run[] {
    return [...this.runs.values()];
  }

  /** Whether a run begins, or is over, with what it tells: what is edited then is a step of its own, unless another one writes there. */
  isTurn({ run, uri, state }: Status): boolean {
    const isOtherAtWork = this.all().some((other) => other.id !== run && other.uri === uri && Runs.isAtWork(other));
    return !isOtherAtWork && (!AT_WORK.includes(state) || !this.runs.has(run));
  }

  /** Those of a document that something can be done with, in the order of the text. */
  of(uri: string): readonly Run[] {
    const known = this.all().filter((run) => run.uri === uri && (Runs.isAtWork(run) || Runs.stands(run)));
    const start = (run: Run): Position => run.ranges[0]?.start ?? { line: 0, character: 0 };
    return known.sort((a, b) => compare(start(a), start(b)));
  }

  /** A command began a run; it may have been told of already. */
  begun(begun: Begun, uri: string): void {
    const known = this.runs.get(begun.run);
    const fresh: Run = {
      id: begun.run, uri, state: "gathering", model: "", round: 1, tokens: 0, cost: null, message: null, ranges: [], written: [],
    };
    this.set({ ...(known ?? fresh), ranges: known?.ranges.length ? known.ranges : (begun.regions ?? []) });
  }

  /** How a run goes. */
  async goes(status: Status): Promise<void> {
    const known = this.runs.get(status.run);
    const run: Run = {
      id: status.run, uri: status.uri, state: status.state, model: status.model, round: status.round,
      tokens: status.tokens, cost: status.cost_micro_usd, message: status.message, ranges: known?.ranges ?? [],
      written: known?.written ?? [],
    };
    const isOver = ["failed", "kept", "reverted"].includes(status.state);
    // One that the server began by itself is known by its report; what stands is told there, too.
    const asks = !isOver && (!Runs.isAtWork(run) || (run.ranges.length === 0 && run.state !== "gathering"));
    this.asked += Number(asks);
    this.set(isOver ? { ...run, ranges: [], written: [] } : run);
    if (asks) {
      await this.ask(status.run).finally(() => (this.asked -= 1));
    }
  }

  /** A document was changed, by the server or its user: what is in it moves along. */
  changed(uri: string, edits: readonly TextEdit[], isOurs: boolean): void {
    // Edits of one change are of the text before it: from the last to the first, none moves another.
    const sorted = [...edits].sort((a, b) => compare(b.range.start, a.range.start));
    const known = this.all().filter((run) => run.uri === uri && run.ranges.length > 0);
    for (const run of known) {
      const move = (range: Range): Range => sorted.reduce(mapped, range);
      const fresh = isOurs && Runs.isAtWork(run) ? writtenBy(sorted, run.ranges) : [];
      const written = [...run.written.map(move), ...fresh].filter((range) => compare(range.start, range.end) < 0);
      this.runs.set(run.id, { ...run, ranges: run.ranges.map(move), written });
    }
    if (known.length > 0) {
      this.moved(uri);
    }
  }

  closed(uri: string): void {
    for (const run of this.all().filter((run) => run.uri === uri)) {
      this.runs.delete(run.id);
    }
    this.told(uri);
  }

  clear(): void {
    const uris = new Set(this.all().map((run) => run.uri));
    this.runs.clear();
    uris.forEach((uri) => this.told(uri));
  }

  private async ask(id: string): Promise<void> {
    let report: Report;
    try {
      report = await this.report(id);
      // Its places are of another text where its user typed meanwhile.
      for (let again = 0; again < AGAIN && report.document_version !== (this.version(report.uri) ?? null); again += 1) {
        report = await this.report(id);
      }
    } catch {
      // The server has forgotten it, or is gone: nothing can be done with it any more.
      return;
    }
    const run = this.runs.get(id);
    // What was told meanwhile is newer.
    if (run && run.state === report.state) {
      const ranges = report.ranges.filter((range) => range !== null);
      const written = report.way_back.map((edit) => edit.range);
      this.set(Runs.isAtWork(run) ? { ...run, ranges } : { ...run, ranges, written, report });
    }
  }

  private set(run: Run): void {
    this.runs.delete(run.id);
    this.runs.set(run.id, run);
    const over = this.all().filter((run) => !Runs.isAtWork(run) && !Runs.stands(run));
    over.slice(0, Math.max(0, over.length - REMEMBERED)).forEach((run) => this.runs.delete(run.id));
    this.told(run.uri);
  }
}

/** Where what edits put into these ranges stands then; `sorted` are of the text before, the last first. */
function writtenBy(sorted: readonly TextEdit[], ranges: readonly Range[]): Range[] {
  const put = sorted.flatMap((edit, index) => {
    if (edit.newText === "" || !ranges.some((range) => touches(range, edit.range))) {
      return [];
    }
    const { start } = edit.range;
    const { end } = mapped({ start, end: edit.range.end }, edit);
    // Those before it in the text come behind it in the list, and move it.
    return [sorted.slice(index + 1).reduce(mapped, { start, end })];
  });
  return put;
}
