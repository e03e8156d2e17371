// Which run its user means, as far as what they look at tells without a doubt: without VS Code, so that it is tested without.

import type { Run } from "./runs";
import { type Range, touches } from "./text";

/** What its user looks at: a document, where the cursor or the selection is, and what is in view. */
export interface View {
  readonly uri: string;
  readonly cursor: Range;
  readonly visible: readonly Range[];
}

/**
 * Where something of a run is to be seen. It owns the imports as well, whether or not it has changed them: who is there is not
 * at the draft.
 */
function seen(run: Run): readonly Range[] {
  return [...run.ranges.slice(0, 1), ...run.written];
}

/** The one at the cursor, else the one in view; nothing where there are several: a draft that is taken back by mistake is a loss. */
export function meant(runs: readonly Run[], { uri, cursor, visible }: View): Run | undefined {
  const here = runs.filter((run) => run.uri === uri);
  const isAt = (range: Range): boolean => touches(range, cursor);
  const own = here.filter((run) => run.ranges.slice(0, 1).some(isAt));
  const at = own.length > 0 ? own : here.filter((run) => seen(run).some(isAt));
  const candidates = at.length > 0 ? at : here.filter((run) => seen(run).some((range) => visible.some((part) => touches(range, part))));
  return candidates.length === 1 ? candidates[0] : undefined;
}
