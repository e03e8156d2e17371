import assert from "node:assert/strict";
import { test } from "node:test";
import { Later } from "../src/later";

function made(): { later: Later; drafts: { count: number }; restarts: () => number } {
  const drafts = { count: 0 };
  let restarts = 0;
  // As in the extension: a restart ends what was at work, which is looked at again meanwhile.
  const later: Later = new Later(() => drafts.count === 0, async () => {
    restarts += 1;
    drafts.count = 0;
    await later.look();
  });
  return { later, drafts, restarts: () => restarts };
}

test("the server is restarted at once where no draft is", async () => {
  const { later, restarts } = made();
  assert.equal(await later.wish(), true);
  await later.look();
  assert.equal(restarts(), 1);
});

test("a restart waits for drafts, and comes once", async () => {
  const { later, drafts, restarts } = made();
  drafts.count = 2;
  assert.equal(await later.wish(), false);
  assert.equal(await later.wish(), false);
  for (const [count, wanted] of [[1, 0], [0, 1], [1, 1], [0, 1]] as const) {
    drafts.count = count;
    await later.look();
    assert.equal(restarts(), wanted);
  }
});

test("one that its user asks for is the one that was waited for", async () => {
  const { later, drafts, restarts } = made();
  drafts.count = 1;
  await later.wish();
  await later.now();
  await later.look();
  assert.equal(restarts(), 1);
});
