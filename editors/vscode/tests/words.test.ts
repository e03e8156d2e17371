import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dollars, sentPage, unlinked, usagePage } from "../src/words";

test("money is short", () => {
  const rows: [number, string][] = [
    [0, "$0"], [1, "$0.000001"], [12, "$0.00001"], [400, "$0.0004"], [1_234, "$0.001"], [9_999, "$0.01"], [10_000, "$0.01"], [1_204_000, "$1.20"],
  ];
  for (const [micro, told] of rows) {
    assert.equal(dollars(micro), told, String(micro));
  }
});

test("no code closes the fence that it is shown in, and no text is Markdown of its own", () => {
  const page = sentPage({
    title: "Implement `f`", tokens: 3, redacted: 2, rules: [], system: "s", messages: ["```python\nx\n```"], prefill: null,
    excerpts: [{ label: "a|b.py", name: "f<script>", line: 1, reason: "used", tokens: 9 }],
  });
  assert.match(page, /\n````\n```python\nx\n```\n````\n/);
  assert.match(page, /2 secrets were taken out/);
  assert.match(page, /a\\\|b\.py:2 \| f\\<script\\>/);
});

test("no text of a message is a link", () => {
  // As VS Code finds them (base/common/linkedText.ts).
  const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
  for (const text of ["a[x](command:quit).py", "[[x](command:a)](command:b)", "[x](https://a.example 'b')", "[x](](file:///a)"]) {
    assert.match(`${text}[y](command:z)`, link);
    assert.doesNotMatch(unlinked(text), link);
  }
  assert.equal(unlinked("a[0] (b)"), "a[0] (b)");
});

test("usage has a row for each model", () => {
  const row = {
    name: "qwen", local: true, calls: 2, tokens: { prompt: 10, cached: 4, completion: 3 }, total_ms: { p50: 1500 }, kept: 1, edited: 0,
    reverted: 0, cost_micro_usd: 0,
  };
  const page = usagePage({ rows: [row], spent_micro_usd: { today: 0, month: 500 } });
  assert.match(page, /\| qwen \| 2 \| 10 \(4\) \| 3 \| 1\.5 s \| 1 \/ 0 \/ 0 \| free \|/);
  assert.match(usagePage({ rows: [], spent_micro_usd: { today: 0, month: 0 } }), /Nothing was asked/);
});

interface Declared {
  contributes: { commands: { command: string }[]; configuration: { properties: Record<string, object> } };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

test("what is declared is there, and the other way round", () => {
  const declared = JSON.parse(readFileSync("package.json", "utf8")) as Declared;
  const source = readFileSync("src/commands.ts", "utf8");
  const table = source.slice(source.indexOf("const COMMANDS"), source.indexOf("/** Registers all"));
  const built = [...table.matchAll(/^ {2}(\w+)[:,]/gm)].map(([, name]) => `redraft.${name}`).sort();
  assert.deepEqual(declared.contributes.commands.map(({ command }) => command).sort(), built);
  const settings = declared.contributes.configuration.properties;
  for (const key of declared.capabilities.untrustedWorkspaces.restrictedConfigurations) {
    assert.ok(key in settings, key);
  }
  // What names a program, or costs money, is its user's alone.
  for (const key of ["redraft.server.path", "redraft.server.log", "redraft.model"]) {
    assert.equal((settings[key] as { scope: string }).scope, "machine", key);
  }
});
