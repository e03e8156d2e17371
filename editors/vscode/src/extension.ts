// Redraft in VS Code: starts the server, and leads what it says to those who show it.

import { type ExtensionContext, commands, languages, window, workspace } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { register } from "./commands";
import { Edits } from "./edits";
import { Later } from "./later";
import { Lenses } from "./lens";
import { Marks } from "./marks";
import { type Default, type Known, ofDefault, toFetch } from "./models";
import { Pages } from "./pages";
import { Progress } from "./progress";
import type { Answer, Begun, Overview, Report, State, Status } from "./protocol";
import { Runs } from "./runs";
import { LANGUAGES, program, writes } from "./server";
import { Session } from "./session";
import { concerns, options } from "./settings";
import { StatusBar } from "./status";
import { reason, unlinked } from "./words";

let session: Session | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("Redraft", { log: true });
  const [edits, pages, bar] = [new Edits(), new Pages(), new StatusBar()];

  const report = async (run: string): Promise<Report> => {
    const client = session?.running;
    return client ? client.sendRequest<Report>("redraft/report", { run }) : Promise.reject(new Error("the server does not run"));
  };
  const runs = new Runs(report, version, show, (uri) => {
    marks.show(uri);
    lenses.show();
  });
  const [lenses, marks] = [new Lenses(runs), new Marks(runs)];
  let missing: string | undefined;
  const progress = new Progress((run) => void commands.executeCommand("redraft.stopRun", run));

  function show(uri?: string): void {
    const editor = window.activeTextEditor;
    const here = editor ? runs.of(editor.document.uri.toString()) : [];
    const atWork = runs.all().filter((run) => Runs.isAtWork(run));
    const holds = (name: string, value: boolean): void => void commands.executeCommand("setContext", `redraft.${name}`, value);
    holds("here", editor !== undefined && writes(editor.document));
    holds("works", atWork.length > 0);
    holds("stands", here.some(Runs.stands));
    marks.show(uri);
    lenses.show();
    bar.show(atWork);
    progress.show(atWork);
    void later.look();
  }

  /** Asks what the status bar shows, and whether the first model is there. */
  async function look(): Promise<void> {
    const client = session?.running;
    let first: Default | undefined;
    try {
      const overview = await client?.sendRequest<Overview>("redraft/status", {});
      const known = overview?.problem ? undefined : await client?.sendRequest<Known>("redraft/models", {});
      first = known && ofDefault(known);
      // Without a server, why there is none stays told.
      if (overview) {
        bar.tell({ ...overview, ...(first?.problem ? { problem: first.problem } : {}) }, first?.missing);
      }
    } catch (error) {
      // One on its way down is told of where that is seen.
      if (client?.isRunning()) {
        bar.tell({ model: null, problem: reason(error) }, undefined);
      }
    }
    missing = first?.missing;
    void commands.executeCommand("setContext", "redraft.modelThere", first?.isThere ?? false);
    void commands.executeCommand("setContext", "redraft.serverThere", client?.isRunning() ?? false);
    show();
  }

  /** What the server tells beside LSP. */
  function listen(client: LanguageClient): void {
    client.onNotification("redraft/status", async (status: Status) => {
      if (runs.isTurn(status)) {
        // A run's first edit is a step of its own, and so is what takes it back.
        edits.begins(workspace.textDocuments.find((document) => document.uri.toString() === status.uri));
      }
      await runs.goes(status);
      // Steps of the walkthrough are done, whichever way that came about.
      const step = ({ done: "drafted", kept: "judged", reverted: "judged" } as Partial<Record<State, string>>)[status.state];
      if (step) {
        void commands.executeCommand("setContext", `redraft.${step}`, true);
      }
      if (!Runs.isAtWork(status)) {
        await look();
      }
    });
    client.onNotification("window/showMessage", said);
    client.onNotification("redraft/answer", ({ title, model, text }: Answer) => pages.read(title, `# ${title}\n\n${text}\n\n*${model}*\n`));
  }

  session = new Session(context, edits, log, {
    made: listen,
    runs: () => void look(),
    gone: () => runs.clear(),
    failed: (problem) => bar.fail(problem),
  });
  const own = session;
  const later = new Later(() => runs.isQuiet, () => own.restart());

  /** Restarts the server for what holds only then; its user says when, where drafts would suffer. */
  async function restart(what: string): Promise<void> {
    const now = "Restart Now";
    const question = `Redraft: ${what} once the server is started anew. That waits until no draft is being written or stands: it would know no more of them.`;
    if (!(await later.wish())) {
      void window.showInformationMessage(question, now).then((choice) => (choice === now ? later.now() : undefined));
    }
  }

  register({
    context, runs, pages, look,
    client: () => own.ready(),
    missing: () => missing,
    restart: () => later.now(),
    program: () => {
      const found = program(context);
      return "path" in found ? found.path : undefined;
    },
    showLog: () => log.show(),
    execute: async (command, argument, uri) => {
      const client = await own.ready();
      const begun = await client?.sendRequest<Begun | null>("workspace/executeCommand", { command, arguments: [argument] });
      if (begun && uri && ["redraft.run", "redraft.generate", "redraft.again"].includes(command)) {
        runs.begun(begun, uri);
      }
      return begun ?? undefined;
    },
  });

  context.subscriptions.push(
    log, pages, bar, marks, progress, own,
    languages.registerCodeLensProvider(LANGUAGES.map((language) => ({ language })), lenses),
    window.onDidChangeActiveTextEditor(() => show()),
    window.onDidChangeVisibleTextEditors(() => marks.show()),
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      const changes = contentChanges.map(({ range, text }) => ({ range, newText: text }));
      runs.changed(document.uri.toString(), changes, edits.made(document));
    }),
    workspace.onDidCloseTextDocument((document) => {
      const uri = document.uri.toString();
      if (runs.of(uri).some((run) => Runs.isAtWork(run))) {
        const name = unlinked(workspace.asRelativePath(document.uri));
        void window.showWarningMessage(`Redraft: ${name} was closed or renamed while a draft was written into it; what stands of it stays, and is no longer written on.`);
      }
      runs.closed(uri);
    }),
    workspace.onDidGrantWorkspaceTrust(() => restart("what is of this folder is read")),
    workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("redraft.server.path") && own.isOutdated) {
        await restart("the other program is used");
      }
      if (concerns(event)) {
        await own.running?.sendNotification("workspace/didChangeConfiguration", { settings: { redraft: options() } });
        await look();
      }
    }),
  );
  // Commands wait for it; VS Code does not have to.
  void own.restart();
  show();
}

/** A message of the server, with what can be done about it. */
async function said({ type, message }: { type: number; message: string }): Promise<void> {
  const name = toFetch(message);
  const actions = name === undefined ? [] : [`Fetch ${name}`];
  const show = type === 1 ? window.showErrorMessage : type === 2 ? window.showWarningMessage : window.showInformationMessage;
  if (await show(unlinked(message), ...actions)) {
    await commands.executeCommand("redraft.pullModel", name);
  }
}

/** The version of an open document. */
function version(uri: string): number | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === uri)?.version;
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}
