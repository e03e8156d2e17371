// What the server says beside LSP (docs/editors.md, "For authors of clients").

import type { Range, TextEdit } from "./text";

export type State =
  | "gathering" | "asking" | "streaming" | "checking" | "refining"
  | "done" | "failed" | "cancelled" | "kept" | "reverted";

export const AT_WORK: readonly State[] = ["gathering", "asking", "streaming", "checking", "refining"];

/** The notification `redraft/status`. */
export interface Status {
  readonly run: string;
  readonly uri: string;
  readonly state: State;
  readonly model: string;
  readonly round: number;
  readonly tokens: number;
  readonly cost_micro_usd: number | null;
  readonly message: string | null;
}

/** The answer to `redraft.run`, `redraft.generate` and `redraft.again`. */
export interface Begun {
  readonly run: string;
  readonly regions?: readonly Range[];
}

export interface Left {
  readonly source: string;
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly range: Range | null;
}

/** The answer to `redraft/report`. */
export interface Report {
  readonly run: string;
  readonly title: string;
  readonly uri: string;
  /** Of what version its places are; nothing where the document is not open. */
  readonly document_version: number | null;
  readonly state: State;
  readonly stands: boolean;
  readonly model: string;
  readonly ranges: readonly (Range | null)[];
  readonly way_back: readonly TextEdit[];
  readonly rounds: number;
  readonly checked_by: readonly string[];
  readonly not_checked: readonly string[];
  readonly left: readonly Left[];
  readonly tokens: number;
  readonly cost_micro_usd: number | null;
  readonly seconds: number | null;
  readonly message: string | null;
}

/** The notification `redraft/answer`. */
export interface Answer {
  readonly run: string;
  readonly title: string;
  readonly model: string;
  readonly text: string;
}

export interface Input {
  readonly name: string;
  readonly description: string;
  readonly default: string | null;
}

/** One of the answer to `redraft/prompts`. */
export interface Prompt {
  readonly action: string;
  readonly title: string;
  readonly description: string;
  readonly kind: string;
  readonly inputs: readonly Input[];
}

/** One of the answer to `redraft/models`; prices are US dollars for a million tokens. */
export interface Model {
  readonly name: string;
  readonly provider: string;
  readonly id: string;
  readonly privacy: "embedded" | "local" | "cloud";
  readonly price: { readonly input: number; readonly output: number } | null;
  readonly is_there: boolean;
  /** Of one that can be fetched: bytes of its file, and of memory at work; what it is good for. */
  readonly size?: number;
  readonly memory?: number;
  readonly about?: string;
}

/** The answer to `redraft/status`. */
export interface Overview {
  readonly model: string | null;
  readonly problem?: string;
  readonly spent_micro_usd?: { readonly today: number; readonly month: number };
}

/** The answer to `redraft/sent`; sizes are tokens. */
export interface Sent {
  readonly title: string;
  readonly tokens: number;
  readonly redacted: number;
  readonly excerpts: readonly { label: string; name: string; line: number; reason: string; tokens: number }[];
  readonly rules: readonly { path: string; tokens: number }[];
  readonly system: string;
  readonly messages: readonly string[];
  readonly prefill: string | null;
}

/** One row of the answer to `redraft/usage`. */
export interface UsageRow {
  readonly [figure: string]: unknown;
}
