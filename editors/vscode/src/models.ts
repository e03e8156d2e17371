// What becomes of the model that is asked where nothing else is said: it is there, can be fetched, or is not to be had.

import type { Model } from "./protocol";

/** The answer to `redraft/models`. */
export interface Known {
  readonly default: string;
  readonly models: readonly Model[];
}

/** One whose file Redraft can fetch, and has not: of others it knows no size. */
export function isMissing(model: Model): boolean {
  return model.privacy === "embedded" && model.size !== undefined && !model.is_there;
}

export interface Default {
  readonly isThere: boolean;
  /** Its name, where it can be fetched. */
  readonly missing?: string;
  /** Why it cannot be asked, and no fetching helps. */
  readonly problem?: string;
}

export function ofDefault(known: Known): Default {
  const model = known.models.find(({ name }) => name === known.default);
  if (!model) {
    return { isThere: false, problem: `no model is called ${known.default}: choose another one, or configure it` };
  }
  if (isMissing(model)) {
    return { isThere: false, missing: model.name };
  }
  if (model.privacy === "embedded" && !model.is_there) {
    return { isThere: false, problem: `the file of ${model.name} is not there: look at its path in the configuration` };
  }
  return { isThere: model.is_there };
}

/** The model that a message says how to fetch. */
export function toFetch(message: string): string | undefined {
  // It becomes an argument of a program: nothing that would be an option.
  return /models pull (\w(?:[\w.-]*\w)?)/.exec(message)?.[1];
}
