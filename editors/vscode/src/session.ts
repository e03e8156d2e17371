// The server's life: one client at a time, started, watched and started anew, whoever asks for that and how often.

import { type Disposable, type ExtensionContext, type LogOutputChannel, ProgressLocation, commands, window } from "vscode";
import { type LanguageClient, State } from "vscode-languageclient/node";
import { Client } from "./client";
import type { Edits } from "./edits";
import { complain, program } from "./server";
import { reason } from "./words";

/** What the session tells of. */
export interface Watch {
  /** A client is made: what it is told is listened to. */
  readonly made: (client: LanguageClient) => void;
  readonly runs: () => void;
  /** The server is gone, with all that it knew. */
  readonly gone: () => void;
  readonly failed: (problem: string) => void;
}

const ENDED = "the server has ended; “Redraft: Show the Log” says why, “Redraft: Restart the Server” starts it";

/** See the file's head. */
export class Session implements Disposable {
  private current: Client | undefined;
  private path: string | undefined;
  /** The last start found no program. */
  private wantsProgram = false;
  /** Why there is no server, where that was told. */
  private problem = "the server does not run; its log says why";
  /** What was asked for last; each begins once the one before is over. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: ExtensionContext,
    private readonly edits: Edits,
    private readonly log: LogOutputChannel,
    private readonly watch: Watch,
  ) {}

  /** Starts the server, after the end of the one that runs. */
  restart(): Promise<void> {
    this.wantsProgram = false;
    return this.instead(async () => {
      await this.end();
      await this.start();
    });
  }

  /** Whether another program is to be the server than the one that was started. */
  get isOutdated(): boolean {
    const found = program(this.context);
    return !("path" in found) || found.path !== this.path;
  }

  /** The client, if its server runs. */
  get running(): LanguageClient | undefined {
    return this.current?.isRunning() ? this.current : undefined;
  }

  /** The client, once its server is ready; a message is shown where there is none. */
  async ready(): Promise<LanguageClient | undefined> {
    const found = program(this.context);
    // The program may have come since it was looked for.
    const started = this.wantsProgram && "path" in found ? this.restart() : this.last;
    await window.withProgress({ location: ProgressLocation.Window, title: "Redraft: the server starts" }, () => started);
    if (!this.running) {
      void this.help("problem" in found ? found.problem : this.problem);
    }
    return this.running;
  }

  /** Tells why there is no server, with what may help. */
  private async help(problem: string): Promise<void> {
    const choice = await complain(problem, "Restart", "Settings", "Log");
    if (choice === "Restart") {
      await this.restart();
    } else if (choice === "Settings") {
      await commands.executeCommand("workbench.action.openSettings", "redraft.server.path");
    } else if (choice === "Log") {
      this.log.show();
    }
  }

  stop(): Promise<void> {
    return this.instead(() => this.end());
  }

  dispose(): void {
    void this.stop();
  }

  /** Does it in place of a start that is on its way: that one may never come to an end. */
  private instead(work: () => Promise<void>): Promise<void> {
    this.current?.giveUp("another start, or its end, was asked for");
    return this.queued(work);
  }

  private failed(problem: string): void {
    this.problem = problem;
    this.watch.failed(problem);
  }

  private queued(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work).catch((error: unknown) => {
      this.failed(`the server does not start: ${reason(error)}`);
    });
    return this.last;
  }

  private async end(): Promise<void> {
    const old = this.current;
    this.current = this.path = undefined;
    await old?.end();
    this.watch.gone();
  }

  private async start(): Promise<void> {
    const found = program(this.context);
    this.wantsProgram = "problem" in found;
    if ("problem" in found) {
      this.failed(found.problem);
      return;
    }
    const made = new Client(found.path, this.edits, this.log);
    this.current = made;
    this.path = found.path;
    made.onDidChangeState(({ newState }) => {
      // Why one is given up is told by then, and it does not come back.
      if (made !== this.current || made.isGivenUp) {
        return;
      }
      if (newState === State.Running) {
        this.watch.runs();
      } else {
        // A server that died knows nothing of what it was at; the client starts the next one, unless that dies too often.
        this.watch.gone();
        if (newState !== State.Starting) {
          this.failed(ENDED);
        }
      }
    });
    this.watch.made(made);
    await made.begin();
  }
}
