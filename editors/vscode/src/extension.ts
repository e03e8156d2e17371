// Redraft in VS Code: starts the server, and shows what it says.

import { type ExtensionContext, commands, languages, window, workspace } from "vscode";
import { type LanguageClient, State } from "vscode-languageclient/node";
import { type Room, register } from "./commands";
import { Edits } from "./edits";
import { Lenses } from "./lens";
import { Marks } from "./marks";
import { Pages } from "./pages";
import { Progress } from "./progress";
import type { Answer, Begun, Overview, Report, Status } from "./protocol";
import { Runs } from "./runs";
import { LANGUAGES, client, complain, program, writes } from "./server";
import { options } from "./settings";
import { StatusBar } from "./status";

let server: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("Redraft", { log: true });
  const [edits, pages, bar] = [new Edits(), new Pages(), new StatusBar()];
  let starting: Promise<unknown> = Promise.resolve();

  const runs = new Runs(
    (run) => ready().then((client) => client?.sendRequest<Report>("redraft/report", { run }) ?? Promise.reject(new Error("no server"))),
    (uri) => show(uri),
    (uri) => {
      marks.show(uri);
      lenses.show();
    },
  );
  const [lenses, marks] = [new Lenses(runs), new Marks(runs)];
  const progress = new Progress((run) => void commands.executeCommand("redraft.stopRun", run));

  function show(uri?: string): void {
    const editor = window.activeTextEditor;
    const here = editor ? runs.of(editor.document.uri.toString()) : [];
    const atWork = runs.all().filter((run) => Runs.isAtWork(run));
    void commands.executeCommand("setContext", "redraft.here", editor !== undefined && writes(editor.document));
    void commands.executeCommand("setContext", "redraft.works", atWork.length > 0);
    void commands.executeCommand("setContext", "redraft.stands", here.some(Runs.stands));
    marks.show(uri);
    lenses.show();
    bar.show(atWork);
    progress.show(atWork);
  }

  /** Asks what the status bar shows. */
  async function look(): Promise<void> {
    try {
      bar.tell(await server?.sendRequest<Overview>("redraft/status", {}));
    } catch {
      // The server is on its way down; the next one is asked.
    }
    show();
  }

  async function start(): Promise<void> {
    const found = program(context);
    if ("problem" in found) {
      bar.fail(found.problem);
      return;
    }
    const made = client(found.path, edits, log);
    made.onNotification("redraft/status", async (status: Status) => {
      if (runs.get(status.run) === undefined) {
        edits.begins(workspace.textDocuments.find((document) => document.uri.toString() === status.uri));
      }
      await runs.goes(status);
      if (!["gathering", "asking", "streaming", "checking", "refining"].includes(status.state)) {
        await look();
      }
    });
    made.onDidChangeState(({ newState }) => {
      if (made !== server) {
        return;
      }
      if (newState === State.Running) {
        void look();
      } else {
        // A server that died knows nothing of what it was at; the client starts the next one, unless that dies too often.
        runs.clear();
        if (newState !== State.Starting) {
          bar.fail("the server has ended; “Redraft: Show the Log” says why, “Redraft: Restart the Server” starts it");
        }
      }
    });
    made.onNotification("redraft/answer", ({ run, title, model, text }: Answer) => pages.read(`${run}/answer.md`, `# ${title}\n\n${text}\n\n*${model}*\n`));
    server = made;
    await made.start();
  }

  /** The client, once its server is ready. */
  async function ready(): Promise<LanguageClient | undefined> {
    await starting.catch(() => undefined);
    if (server?.isRunning()) {
      return server;
    }
    const found = program(context);
    const problem = "problem" in found ? found.problem : "the server does not run; its log says why";
    void complain(problem, "Settings", "Log").then((choice) => {
      if (choice === "Settings") {
        void commands.executeCommand("workbench.action.openSettings", "redraft.server.path");
      } else if (choice === "Log") {
        log.show();
      }
    });
    return undefined;
  }

  async function restart(): Promise<void> {
    await starting.catch(() => undefined);
    const old = server;
    server = undefined;
    await old?.stop().catch(() => undefined);
    await old?.dispose().catch(() => undefined);
    runs.clear();
    starting = start();
    await starting.catch((error: unknown) => bar.fail(`the server does not start: ${String(error)}`));
  }

  const room: Room = {
    context, runs, pages, restart,
    client: ready,
    program: () => {
      const found = program(context);
      return "path" in found ? found.path : undefined;
    },
    showLog: () => log.show(),
    execute: async (command, argument, uri) => {
      const client = await ready();
      const begun = await client?.sendRequest<Begun | null>("workspace/executeCommand", { command, arguments: [argument] });
      if (begun && uri && ["redraft.run", "redraft.generate", "redraft.again"].includes(command)) {
        runs.begun(begun, uri);
      }
      return begun ?? undefined;
    },
  };
  register(room);

  context.subscriptions.push(
    log, pages, bar, marks, progress,
    languages.registerCodeLensProvider(LANGUAGES.map((language) => ({ language })), lenses),
    window.onDidChangeActiveTextEditor(() => show()),
    window.onDidChangeVisibleTextEditors(() => marks.show()),
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      runs.changed(document.uri.toString(), contentChanges.map(({ range, text }) => ({ range, newText: text })), edits.made(document));
    }),
    workspace.onDidCloseTextDocument((document) => runs.closed(document.uri.toString())),
    workspace.onDidGrantWorkspaceTrust(() => restart()),
    workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("redraft.server.path")) {
        await restart();
      } else if (event.affectsConfiguration("redraft")) {
        await server?.sendNotification("workspace/didChangeConfiguration", { settings: { redraft: options() } });
        await look();
      }
    }),
    { dispose: () => void server?.stop().catch(() => undefined) },
  );
  starting = start();
  await starting.catch((error: unknown) => {
    bar.fail(`the server does not start: ${String(error)}`);
  });
  show();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
