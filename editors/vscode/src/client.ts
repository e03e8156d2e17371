// The client that speaks with the server: what that is told at its start, and its end, though it may not answer.

import { type LogOutputChannel, workspace } from "vscode";
import {
  type ClientCapabilities, type FeatureState, LanguageClient, type LanguageClientOptions, type MessageTransports, type ServerOptions, State, type StaticFeature,
} from "vscode-languageclient/node";
import type { Edits } from "./edits";
import { completed } from "./inline";
import { LANGUAGES } from "./server";
import { options } from "./settings";

/** How long a start may take, in milliseconds: a cold disk and a scanner of viruses are in it. */
const START = 20_000;

/** What the server is told beside LSP's own: it may stream, and leaves answers in words to us. */
class Announces implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...(capabilities.experimental as object), redraft: { undoGrouping: true, answers: true } };
  }
  initialize(): void {}
  getState(): FeatureState {
    return { kind: "static" };
  }
  clear(): void {}
}

/** See the file's head. */
export class Client extends LanguageClient {
  private givenUp = false;
  private fail: (error: Error) => void = () => undefined;

  constructor(file: string, edits: Edits, log: LogOutputChannel) {
    const level = workspace.getConfiguration("redraft").get<string>("server.log", "warn");
    const run = { command: file, args: ["serve"], options: { env: { ...process.env, REDRAFT_LOG: process.env["REDRAFT_LOG"] ?? level } } };
    const serverOptions: ServerOptions = { run, debug: run };
    super("redraft", "Redraft", serverOptions, {
      documentSelector: LANGUAGES.flatMap((language) => ["file", "untitled"].map((scheme) => ({ scheme, language }))),
      outputChannel: log,
      // A getter: each start tells what holds then.
      initializationOptions: () => ({ ...options(), untrustedWorkspace: !workspace.isTrusted }),
      // That it failed is told by whoever started it.
      initializationFailedHandler: () => false,
      middleware: {
        workspace: { handleApplyEdit: (params, next) => edits.apply(this, params, next as never) },
        provideInlineCompletionItems: completed,
        // What it would show in the status bar, our own item does. Only of the end it hears, with which it forgets a run.
        handleWorkDoneProgress: (token, value, next) => {
          if (value.kind === "end") {
            next(token, value);
          }
        },
      },
    } satisfies LanguageClientOptions);
    this.registerFeature(new Announces());
  }

  /** It failed to start, and is done with. */
  get isGivenUp(): boolean {
    return this.givenUp;
  }

  /** Starts the server. One that does not answer in time is given up. */
  async begin(): Promise<void> {
    const failed = new Promise<never>((_, reject) => (this.fail = reject));
    const timer = setTimeout(() => this.giveUp(`it has not answered in ${START / 1000} s`), START);
    try {
      await Promise.race([this.start(), failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends a server that is still starting: it may never be done with that. `begin` fails at once. */
  giveUp(why: string): void {
    if (this.state === State.Starting && !this.givenUp) {
      this.givenUp = true;
      this.kill();
      // It rejects, since nothing runs yet; but no other one is started from here on.
      void this.dispose().catch(() => undefined);
      this.fail(new Error(why));
    }
  }

  /** Ends the server, in whatever state it is; what goes wrong with that is in the log. */
  async end(): Promise<void> {
    this.giveUp("its end was asked for");
    await this.dispose().catch(() => undefined);
  }

  protected override async createMessageTransports(encoding: string): Promise<MessageTransports> {
    const transports = await super.createMessageTransports(encoding);
    if (this.givenUp) {
      // Its process came to be behind that.
      this.kill();
    }
    return transports;
  }

  /** What becomes of one that is given up is no news. */
  override error(message: string, data?: unknown, show?: boolean | "force"): void {
    super.error(message, data, this.givenUp ? false : show);
  }

  private kill(): void {
    // Nothing that it said already is heard: it would be up, with commands that the next one has as well.
    this.serverProcess?.stdout?.destroy();
    this.serverProcess?.kill("SIGKILL");
  }
}
