// What is said of runs, models and figures, in words.

import type { Model, Overview, Report, Sent, UsageRow } from "./protocol";
import { type Run, Runs } from "./runs";

const DOING: Record<string, string> = {
  gathering: "gathers what it needs", asking: "is reading", streaming: "is writing", checking: "was written and is checked",
  refining: "writes a better draft",
};

/** An amount of money: `$0.0004`, `$1.20`; cents are shown where there are some. */
export function dollars(micro: number): string {
  const amount = micro / 1e6;
  if (amount === 0) {
    return "$0";
  }
  return `$${amount < 0.01 ? amount.toPrecision(1) : amount.toFixed(2)}`.replace(/\$(\d)e-(\d)$/, (_, digit, zeros) => `$0.${"0".repeat(zeros - 1)}${digit}`);
}

/** What a run does now: `qwen is writing`. */
export function doing(run: Run): string {
  const round = run.round > 1 ? ` (round ${run.round})` : "";
  return `${run.model || "Redraft"} ${DOING[run.state] ?? run.state}${round}`;
}

/** What came of the checks: `checks passed 3/3`, and what it cost where it did. */
export function checked(report: Report): string {
  const asked = report.checked_by.length;
  const found = new Set(report.left.map((left) => left.source));
  const passed = report.checked_by.filter((checker) => !found.has(checker)).length;
  const checks = asked === 0 ? "not checked" : `checks passed ${passed}/${asked}`;
  const left = report.left.length === 0 ? "" : ` · ${report.left.length} left over`;
  const cost = report.cost_micro_usd === null ? "" : ` · ${dollars(report.cost_micro_usd)}`;
  return `${checks}${left}${cost}`;
}

/** What costs what: `$0.15 in, $0.60 out for a million tokens`. */
export function price(model: Model): string {
  if (model.price === null) {
    return model.privacy === "cloud" ? "price not known" : "free";
  }
  return `$${model.price.input} in, $${model.price.output} out for a million tokens`;
}

/** What the status bar says. */
export function bar(overview: Overview | undefined, runs: readonly Run[]): string {
  const working = runs.filter((run) => Runs.isAtWork(run));
  const [first] = working;
  const spent = overview?.spent_micro_usd?.today ?? 0;
  const cost = spent > 0 ? ` · ${dollars(spent)} today` : "";
  if (first) {
    const more = working.length > 1 ? ` (+${working.length - 1})` : "";
    return `$(sync~spin) ${doing(first)}${more}${cost}`;
  }
  return overview?.problem ? "$(warning) Redraft" : `$(sparkle) ${overview?.model ?? "Redraft"}${cost}`;
}

/** Text that is no Markdown of its own. */
export const escaped = (text: string): string => text.replace(/[|\\`*_{}[\]<>#]/g, "\\$&");

/** Text in which VS Code's notifications find no link: `[text](command:…)` would be one, whoever wrote it. */
export const unlinked = (text: string): string => text.replaceAll("](", "] (");

/** What was thrown, as a sentence. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A fence that nothing in the text closes. */
export function fenced(text: string, info = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${info}\n${text.replace(/\n$/, "")}\n${ticks}`;
}

/** A page of what was sent of a run. */
export function sentPage(sent: Sent): string {
  const excerpts = sent.excerpts.map(
    (excerpt) => `| ${escaped(excerpt.label)}:${excerpt.line + 1} | ${escaped(excerpt.name)} | ${escaped(excerpt.reason)} | ${excerpt.tokens} |`,
  );
  const rules = sent.rules.map((rule) => `- rules of ${escaped(rule.path)}: ${rule.tokens} tokens`);
  const table = excerpts.length === 0 ? [] : ["| from | what | why | tokens |", "|---|---|---|---|", ...excerpts, ""];
  const messages = sent.messages.map((message, index) => `## ${index % 2 === 0 ? "The question" : "The answer to it"}\n\n${fenced(message)}`);
  const hidden = sent.redacted === 0 ? "" : ` ${sent.redacted} secrets were taken out of it.`;
  return [
    `# Sent: ${escaped(sent.title)}`, "", `About ${sent.tokens} tokens.${hidden}`, "", ...rules, "", ...table,
    "## The system part", "", fenced(sent.system), "", ...messages,
    ...(sent.prefill ? ["", "## The beginning of the answer", "", fenced(sent.prefill)] : []), "",
  ].join("\n");
}

/** A page of what was checked of a run's draft. */
export function reportPage(report: Report): string {
  const left = report.left.map((left) => {
    const at = left.range ? ` (line ${left.range.start.line + 1})` : "";
    return `- **${escaped(left.source)}** ${escaped(left.code)}${at}: ${escaped(left.message)}`;
  });
  const unheard = report.not_checked.map((why) => `- ${escaped(why)}`);
  const seconds = report.seconds === null ? "" : ` in ${report.seconds.toFixed(1)} s`;
  return [
    `# Checked: ${escaped(report.title)}`, "",
    `${escaped(report.model)}: ${report.tokens} tokens${seconds}, ${report.rounds} ${report.rounds === 1 ? "round" : "rounds"}.`, "",
    ...(report.message ? [escaped(report.message), ""] : []),
    `Checked by ${report.checked_by.map(escaped).join(", ") || "nobody"}.`, "",
    ...(left.length > 0 ? ["## Left over", "", ...left, ""] : ["Nothing is left over.", ""]),
    ...(unheard.length > 0 ? ["## Not checked", "", ...unheard, ""] : []),
  ].join("\n");
}

/** A page of what was asked of models, and what it cost. */
export function usagePage(usage: { rows: readonly UsageRow[]; spent_micro_usd: { today: number; month: number } }): string {
  const rows = usage.rows.map((row) => {
    const tokens = row.tokens as { prompt: number; cached: number; completion: number };
    const ms = row.total_ms as { p50: number | null };
    const time = ms.p50 === null ? "-" : `${(ms.p50 / 1000).toFixed(1)} s`;
    const cost = row.local ? "free" : dollars(row.cost_micro_usd as number);
    return `| ${escaped(String(row.name))} | ${row.calls} | ${tokens.prompt} (${tokens.cached}) | ${tokens.completion} | ${time} | ${row.kept} / ${row.edited} / ${row.reverted} | ${cost} |`;
  });
  const { today, month } = usage.spent_micro_usd;
  return [
    "# Usage of the last 30 days", "", `Today ${dollars(today)}, this month ${dollars(month)}.`, "",
    ...(rows.length === 0 ? ["Nothing was asked in that time."] : [
      "| model | calls | prompt tokens (of them from a cache) | written tokens | median time | kept / edited / reverted | cost |",
      "|---|---|---|---|---|---|---|", ...rows,
    ]), "",
  ].join("\n");
}

interface Check {
  readonly name: string;
  readonly state: "ok" | "note" | "problem";
  readonly message: string;
  readonly hint?: string | null;
}

/** A page of what \`redraft doctor --json\` says, problems first. */
export function doctorPage(program: string, out: string, err: string, isTrusted: boolean): string {
  let checks: Check[];
  try {
    ({ checks } = JSON.parse(out) as { checks: Check[] });
  } catch {
    return `# Doctor\n\n${escaped(program)} did not answer:\n\n${fenced(out + err)}\n`;
  }
  const section = (title: string, state: Check["state"]): string[] => {
    const rows = checks.filter((check) => check.state === state);
    const row = ({ name, message, hint }: Check): string => `- **${escaped(name)}** ${escaped(message)}${hint ? `\n  → ${escaped(hint)}` : ""}`;
    return rows.length === 0 ? [] : [`## ${title}`, "", ...rows.map(row), ""];
  };
  const trust = isTrusted ? "VS Code trusts this folder, and that holds here, whatever is said of `workspace` below." : "VS Code does not trust this folder: nothing of it is read or run.";
  return [
    "# Doctor", "", `The program: ${escaped(program)}`, "", trust, "",
    ...section("Problems", "problem"), ...section("To know", "note"), ...section("In order", "ok"),
  ].join("\n");
}
