import assert from "node:assert/strict";
import { test } from "node:test";
import { applied, mapped, type Range, type TextEdit } from "../src/text";

/** `12:3-14:0` */
function range(text: string): Range {
  const at = (part: string) => {
    const [line, character] = part.split(":").map(Number);
    return { line: line ?? 0, character: character ?? 0 };
  };
  const [start, end] = text.split("-");
  return { start: at(start ?? ""), end: at(end ?? start ?? "") };
}

const edit = (place: string, newText: string): TextEdit => ({ range: range(place), newText });
const told = ({ start, end }: Range): string => `${start.line}:${start.character}-${end.line}:${end.character}`;

const ROWS: [what: string, before: string, edit: TextEdit, after: string][] = [
  ["a line above", "5:2-7:4", edit("1:0-1:0", "x\n"), "6:2-8:4"],
  ["a line above goes", "5:2-7:4", edit("1:0-2:0", ""), "4:2-6:4"],
  ["the same line, before", "5:2-5:9", edit("5:0-5:1", "abc"), "5:4-5:11"],
  ["at the start: inside", "5:2-5:9", edit("5:2-5:2", "ab"), "5:2-5:11"],
  ["at the end: inside", "5:2-5:9", edit("5:9-5:9", "ab\nc"), "5:2-6:1"],
  ["inside", "5:2-7:4", edit("6:0-6:5", "one\ntwo\n"), "5:2-9:4"],
  ["all of it, replaced", "5:2-7:4", edit("5:2-7:4", "x"), "5:2-5:3"],
  ["over the start", "5:2-7:4", edit("4:0-5:4", "x"), "4:0-6:4"],
  ["over the end", "5:2-7:4", edit("7:0-9:0", "x"), "5:2-7:1"],
  ["below", "5:2-7:4", edit("8:0-9:0", "x\ny"), "5:2-7:4"],
  ["a CRLF", "5:2-7:4", edit("1:0-1:0", "x\r\ny\r\n"), "7:2-9:4"],
];

for (const [what, before, change, after] of ROWS) {
  test(`a range moves: ${what}`, () => assert.equal(told(mapped(range(before), change)), after));
}

test("edits are applied all at once, in any order, whatever the line ends", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["one", "two", "three", ""].join(end);
    const edits = [edit("0:0-0:3", "ONE"), edit("2:5-2:5", "!"), edit("1:0-2:0", ""), edit("9:0-9:0", "end")];
    assert.equal(applied(text, edits), ["ONE", "three!", "end"].join(end));
    assert.equal(applied(text, [...edits].reverse()), ["ONE", "three!", "end"].join(end));
  }
});

test("an edit and its inverse leave the text as it was (random)", () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 500; round += 1) {
    const lines = Array.from({ length: 1 + random(5) }, () => "x".repeat(random(6)));
    const text = lines.join("\n");
    const line = random(lines.length);
    const start = { line, character: random((lines[line]?.length ?? 0) + 1) };
    const last = line + random(lines.length - line);
    const least = last === line ? start.character : 0;
    const end = { line: last, character: least + random((lines[last]?.length ?? 0) - least + 1) };
    const newText = ["", "a", "a\n", "\nbc", "d\ne\n"][random(5)] ?? "";
    const offset = (position: typeof start): number => lines.slice(0, position.line).join("\n").length + (position.line > 0 ? 1 : 0) + position.character;
    const old = text.slice(offset(start), offset(end));
    const change = { range: { start, end }, newText };
    // A range that is what the edit replaces becomes what it put there.
    const back = { range: mapped(change.range, change), newText: old };
    assert.equal(applied(applied(text, [change]), [back]), text, JSON.stringify({ text, change }));
  }
});
