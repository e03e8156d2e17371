import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report, State, Status } from "../src/protocol";
import { Runs } from "../src/runs";
import type { Range } from "../src/text";

const URI = "file:///a.py";
const at = (from: number, to: number): Range => ({ start: { line: from, character: 0 }, end: { line: to, character: 0 } });

function status(state: State, run = "run-1"): Status {
  return { run, uri: URI, state, model: "m", round: 1, tokens: 3, cost_micro_usd: null, message: null };
}

function report(state: State, over: Partial<Report> = {}): Report {
  return {
    run: "run-1", title: "t", uri: URI, document_version: 1, state, stands: state === "done", model: "m", ranges: [at(2, 4)],
    way_back: [{ range: at(3, 4), newText: "" }], rounds: 1, checked_by: ["syntax"], not_checked: [], left: [], tokens: 3,
    cost_micro_usd: null, seconds: 1, message: null, ...over,
  };
}

function made(answer: () => Promise<Report>): { runs: Runs; told: string[] } {
  const told: string[] = [];
  return { runs: new Runs(answer, () => 1, (uri) => told.push(uri), () => undefined), told };
}

test("a run is told, works, stands and is kept", async () => {
  const { runs, told } = made(async () => report("done"));
  await runs.goes(status("gathering"));
  runs.begun({ run: "run-1", regions: [at(2, 3)] }, URI);
  assert.deepEqual(runs.of(URI).map((run) => [run.state, run.ranges]), [["gathering", [at(2, 3)]]]);
  await runs.goes(status("streaming"));
  runs.changed(URI, [{ range: at(2, 2), newText: "x = 1\n" }], true);
  assert.deepEqual(runs.of(URI)[0]?.written, [at(2, 3)]);
  runs.changed(URI, [{ range: at(0, 0), newText: "# mine\n" }], false);
  assert.deepEqual(runs.of(URI)[0]?.written, [at(3, 4)]);
  await runs.goes(status("done"));
  assert.ok(runs.of(URI).every(Runs.stands));
  assert.deepEqual(runs.of(URI)[0]?.written, [at(3, 4)], "the report's, then");
  await runs.goes(status("kept"));
  assert.deepEqual(runs.of(URI), []);
  assert.ok(told.length > 4);
});

test("a step of undo ends with a run, unless another one writes in that document", async () => {
  const { runs } = made(async () => report("streaming"));
  assert.ok(runs.isTurn(status("gathering")));
  await runs.goes(status("gathering"));
  assert.ok(!runs.isTurn(status("streaming")));
  assert.ok(runs.isTurn(status("done")));
  for (const state of ["gathering", "failed", "done", "kept"] as const) {
    assert.ok(!runs.isTurn(status(state, "run-2")), state);
    assert.ok(runs.isTurn({ ...status(state, "run-2"), uri: "file:///b.py" }), state);
  }
  await runs.goes(status("reverted"));
  assert.ok(runs.isTurn(status("kept", "run-2")));
});

test("it is quiet where no draft is, and not before that is known", async () => {
  const quiet: boolean[] = [];
  let stands = true;
  const runs = new Runs(async () => report("done", { stands }), () => 1, () => quiet.push(runs.isQuiet), () => undefined);
  for (const state of ["streaming", "done", "kept"] as const) {
    await runs.goes(status(state));
  }
  assert.deepEqual(quiet.splice(0), [false, false, false, true]);
  stands = false;
  await runs.goes(status("done"));
  assert.ok(runs.isQuiet);
  const never = made(() => Promise.reject(new Error("gone")));
  await never.runs.goes(status("done"));
  assert.ok(never.runs.isQuiet);
});

test("one that the server began by itself is known by its report", async () => {
  const { runs } = made(async () => report("streaming"));
  await runs.goes(status("streaming"));
  assert.deepEqual(runs.of(URI)[0]?.ranges, [at(2, 4)]);
});

test("a report that comes late, or never, changes nothing", async () => {
  const late = made(async () => report("done"));
  const first = late.runs.goes(status("done"));
  const second = late.runs.goes(status("reverted"));
  await Promise.all([first, second]);
  assert.deepEqual(late.runs.of(URI), []);
  const never = made(() => Promise.reject(new Error("gone")));
  await never.runs.goes(status("done"));
  assert.deepEqual(never.runs.of(URI), []);
});

test("a report of an older text is asked for again, and not for ever", async () => {
  let asked = 0;
  const older = made(async () => report("done", { document_version: (asked += 1) > 2 ? 1 : 0, ranges: [at(asked, asked)] }));
  await older.runs.goes(status("done"));
  assert.deepEqual([asked, older.runs.of(URI)[0]?.ranges], [3, [at(3, 3)]]);
  const never = made(async () => report("done", { document_version: 0 }));
  await never.runs.goes(status("done"));
  assert.equal(never.runs.of(URI).length, 1);
});

test("edits of one change are of the text before it", () => {
  const { runs } = made(async () => report("streaming"));
  runs.begun({ run: "run-1", regions: [at(0, 9)] }, URI);
  runs.changed(URI, [{ range: at(1, 1), newText: "a\nb\n" }, { range: at(5, 6), newText: "c\n" }], true);
  const written = runs.of(URI)[0]?.written.map(({ start, end }) => [start.line, end.line]).sort();
  assert.deepEqual(written, [[1, 3], [7, 8]]);
});

test("what is over is forgotten in the end, and what stands is not", async () => {
  const { runs } = made(async () => report("done"));
  await runs.goes(status("done"));
  for (let run = 2; run < 200; run += 1) {
    await runs.goes(status("failed", `run-${run}`));
  }
  assert.ok(runs.get("run-1"));
  assert.ok(runs.all().length < 40);
});
