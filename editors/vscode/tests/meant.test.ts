import assert from "node:assert/strict";
import { test } from "node:test";
import { meant } from "../src/meant";
import type { Run } from "../src/runs";
import type { Range } from "../src/text";

const URI = "file:///a.py";
const at = (from: number, to = from): Range => ({ start: { line: from, character: 0 }, end: { line: to, character: 0 } });

/** A draft in these lines, which owns the imports as well. */
function draft(id: string, from: number, to: number, written: Range[] = [at(from, to)]): Run {
  return {
    id, uri: URI, state: "done", model: "m", round: 1, tokens: 0, cost: null, message: null, ranges: [at(from, to), at(0, 1)], written,
  };
}

const one = draft("one", 500, 504);
const two = draft("two", 510, 514);
const within = draft("within", 501, 502);
const importing = draft("importing", 700, 704, [at(700, 704), at(0, 1)]);

const ROWS: [what: string, runs: Run[], cursor: number, visible: Range, id: string | undefined][] = [
  ["the one at the cursor", [one, two], 502, at(480, 530), "one"],
  ["the only one in view", [one, importing], 490, at(480, 530), "one"],
  ["not one whose imports alone are in view", [one], 0, at(0, 40), undefined],
  ["one that wrote at the cursor", [one, importing], 0, at(0, 40), "importing"],
  ["the draft at the cursor before what another wrote there", [draft("top", 1, 3), importing], 1, at(0, 40), "top"],
  ["not one of two in view", [one, two], 507, at(480, 530), undefined],
  ["not one of two at the cursor", [one, within], 501, at(480, 530), undefined],
  ["none that is elsewhere", [one], 30, at(0, 40), undefined],
];

for (const [what, runs, cursor, visible, id] of ROWS) {
  test(`which run is meant: ${what}`, () => {
    assert.equal(meant(runs, { uri: URI, cursor: at(cursor), visible: [visible] })?.id, id);
    assert.equal(meant(runs, { uri: "file:///b.py", cursor: at(cursor), visible: [visible] }), undefined);
  });
}
