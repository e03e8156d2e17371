// What the commands work with.

import type { ExtensionContext } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Pages } from "./pages";
import type { Begun } from "./protocol";
import type { Runs } from "./runs";

export interface Room {
  readonly context: ExtensionContext;
  readonly runs: Runs;
  readonly pages: Pages;
  /** The client, once its server is ready; a message is shown where there is none. */
  readonly client: () => Promise<LanguageClient | undefined>;
  readonly program: () => string | undefined;
  /** The model that is asked where nothing else is said, where it is still to be fetched. */
  readonly missing: () => string | undefined;
  readonly restart: () => Promise<void>;
  /** Asks the server anew how things stand. */
  readonly look: () => Promise<void>;
  readonly showLog: () => void;
  /** Has the server run a command of its own in a document. */
  readonly execute: (command: string, argument: object, uri?: string) => Promise<Begun | undefined>;
}

/** The program, where there is one; else it is told. */
export function needed(room: Room): string | undefined {
  const program = room.program();
  if (!program) {
    void room.client();
  }
  return program;
}
