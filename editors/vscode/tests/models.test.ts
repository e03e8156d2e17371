import assert from "node:assert/strict";
import { test } from "node:test";
import { ofDefault, toFetch } from "../src/models";
import type { Model } from "../src/protocol";

const EMBEDDED: Model = { name: "small", provider: "embedded", id: "small", privacy: "embedded", price: null, is_there: false, size: 491e6 };

test("only the default is fetched, and only where that helps", () => {
  const large: Model = { ...EMBEDDED, name: "large" };
  const own: Model = { name: "own", provider: "embedded", id: "own", privacy: "embedded", price: null, is_there: false };
  const hosted: Model = { ...own, name: "hosted", privacy: "cloud" };
  const models = [EMBEDDED, large, own, hosted, { ...large, name: "fetched", is_there: true }];
  const of = (name: string) => ofDefault({ default: name, models });
  assert.deepEqual(of("large"), { isThere: false, missing: "large" });
  assert.deepEqual(of("fetched"), { isThere: true });
  assert.match(of("gone").problem ?? "", /no model is called gone/);
  assert.match(of("own").problem ?? "", /the file of own is not there/);
  // What a hosted one wants, such as a key, its run tells.
  assert.deepEqual(of("hosted"), { isThere: false });
});

test("a message's model is fetched, and nothing that would be an option", () => {
  const rows: [string, string | undefined][] = [
    ["there is no model file /x: fetch it with `redraft models pull qwen2.5-coder-1.5b`", "qwen2.5-coder-1.5b"],
    ["fetch it: redraft models pull small.", "small"],
    ["`redraft models pull`", undefined],
    ["`redraft models pull --from /etc/passwd`", undefined],
    ["no such model here", undefined],
  ];
  for (const [message, name] of rows) {
    assert.equal(toFetch(message), name, message);
  }
});
