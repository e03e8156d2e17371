// The commands of the palette, keys and lenses. What they do is the server's; here is who is meant, and what is asked first.

import { execFile } from "node:child_process";
import { homedir } from "node:os";
import * as path from "node:path";
import {
  ProgressLocation, Position, type QuickPickItem, Range, Uri, commands, window, workspace,
} from "vscode";
import * as ask from "./ask";
import { CONFIGURATION, example } from "./example";
import { type Known, isMissing } from "./models";
import type { Prompt, Report, Sent } from "./protocol";
import { type Run, Runs } from "./runs";
import { atCursor } from "./place";
import { pull } from "./pull";
import { type Room, needed } from "./room";
import { complain } from "./server";
import { applied } from "./text";
import { which } from "./which";
import { doctorPage, reason, reportPage, sentPage, unlinked, usagePage } from "./words";

async function generate(room: Room): Promise<void> {
  await atCursor(async ({ uri, range, isEmpty }) => {
    const what = isEmpty ? "Write Here" : "Change the Selection";
    const instruction = await ask.instruction(room.context.globalState, `Redraft: ${what}`, "What to write, in words");
    if (instruction) {
      await room.execute("redraft.generate", { uri, range: range(), instruction }, uri);
    }
  });
}

async function runPrompt(room: Room): Promise<void> {
  await atCursor(async ({ document, uri, range }) => {
    const client = await room.client();
    if (!client) {
      return;
    }
    const { prompts } = await client.sendRequest<{ prompts: Prompt[] }>("redraft/prompts", { uri, range: range() });
    if (prompts.length === 0) {
      void window.showInformationMessage("Redraft: no prompt is for this place; put the cursor into a function, or select something.");
      return;
    }
    const prompt = await ask.prompt(prompts);
    const input = prompt && (await ask.inputs(prompt.inputs, prompt.title));
    if (prompt && input) {
      await room.execute("redraft.run", { action: prompt.action, uri, version: document.version, range: range(), input }, uri);
    }
  });
}

const draft = (room: Room, id: unknown): Promise<Run | undefined> => which(room.runs, id, Runs.stands, "there is no draft to keep or revert.");
const any = (room: Room, id: unknown): Promise<Run | undefined> => which(room.runs, id, () => true, "nothing was written yet.");

function about(command: string, find: typeof draft) {
  return async (room: Room, id: unknown): Promise<void> => {
    const run = await find(room, id);
    if (run) {
      await room.execute(command, { run: run.id }, run.uri);
    }
  };
}

async function change(room: Room, id: unknown): Promise<void> {
  const run = await draft(room, id);
  const instruction = run && (await ask.instruction(room.context.globalState, "Redraft: Change the Draft", "What is to be other"));
  if (run && instruction) {
    await room.execute("redraft.again", { run: run.id, instruction }, run.uri);
  }
}

async function models(room: Room): Promise<Known | undefined> {
  const client = await room.client();
  return client?.sendRequest<Known>("redraft/models", {});
}

async function otherModel(room: Room, id: unknown): Promise<void> {
  const run = await draft(room, id);
  const known = run && (await models(room));
  const model = known && (await ask.model(known.models, run.model, "Redraft: Write the Draft Again with"));
  if (run && model) {
    await room.execute("redraft.again", { run: run.id, model: model.name }, run.uri);
  }
}

async function chooseModel(room: Room): Promise<void> {
  const known = await models(room);
  const model = known && (await ask.model(known.models, known.default, "Redraft: Choose a Model"));
  if (!model) {
    return;
  }
  await workspace.getConfiguration("redraft").update("model", model.name, true);
  const fetch = `Fetch ${model.name}`;
  if (isMissing(model) && (await window.showInformationMessage(`Redraft: the file of ${unlinked(model.name)} is not there yet.`, fetch)) === fetch) {
    await pull(room, model.name);
  }
}

async function report(room: Room, run: Run | undefined): Promise<Report | undefined> {
  const client = run && (await room.client());
  return client?.sendRequest<Report>("redraft/report", { run: run?.id });
}

/** Shows a draft against what its document would be without it: what else was changed there, and by whom, is on both sides. */
async function compare(room: Room, id: unknown): Promise<void> {
  const told = await report(room, await draft(room, id));
  const document = told && workspace.textDocuments.find((document) => document.uri.toString() === told.uri);
  if (!told) {
    return;
  }
  if (!document || document.version !== told.document_version) {
    throw new Error("the text has changed meanwhile; once more, please");
  }
  const name = path.basename(document.uri.path);
  const before = room.pages.hold(`before/${told.run}/${name}`, applied(document.getText(), told.way_back));
  const at = told.ranges[0]?.start ?? { line: 0, character: 0 };
  const place = new Position(at.line, at.character);
  await commands.executeCommand("vscode.diff", before, document.uri, `${name}: before ↔ draft`, { selection: new Range(place, place) });
}

async function showReport(room: Room, id: unknown): Promise<void> {
  const told = await report(room, await any(room, id));
  if (told) {
    await room.pages.read("Checked", reportPage(told));
  }
}

async function showSent(room: Room, id: unknown): Promise<void> {
  const run = await any(room, id);
  const client = run && (await room.client());
  if (run && client) {
    await room.pages.read("Sent", sentPage(await client.sendRequest<Sent>("redraft/sent", { run: run.id })));
  }
}

async function showUsage(room: Room): Promise<void> {
  const client = await room.client();
  if (client) {
    await room.pages.read("Usage", usagePage(await client.sendRequest("redraft/usage", {})));
  }
}

/** Runs the server's program in the folder that is open and gives what it prints, whether or not it calls that a failure. */
function printed(program: string, args: string[]): Promise<{ out: string; err: string }> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const cwd = folder?.scheme === "file" ? folder.fsPath : homedir();
  return new Promise((resolve) => {
    execFile(program, args, { cwd, timeout: 60_000, maxBuffer: 1 << 20 }, (_, out, err) => resolve({ out, err }));
  });
}

async function doctor(room: Room): Promise<void> {
  const program = needed(room);
  if (program) {
    const options = { location: ProgressLocation.Window, title: "Redraft: the doctor looks" };
    const { out, err } = await window.withProgress(options, () => printed(program, ["doctor", "--json"]));
    await room.pages.read("Doctor", doctorPage(program, out, err, workspace.isTrusted));
  }
}

async function openConfiguration(room: Room): Promise<void> {
  const program = needed(room);
  if (!program) {
    return;
  }
  const { out, err } = await printed(program, ["config", "path"]);
  if (!path.isAbsolute(out.trim())) {
    throw new Error(`the configuration's file is not known: ${(err || out).trim()}`);
  }
  const uri = Uri.file(out.trim());
  try {
    await workspace.fs.stat(uri);
  } catch {
    // One in which nothing is said but how to.
    await workspace.fs.createDirectory(Uri.joinPath(uri, ".."));
    await workspace.fs.writeFile(uri, new TextEncoder().encode(CONFIGURATION));
  }
  await window.showTextDocument(uri);
}

/** A server that is restarted knows no more of its drafts: they stay, and can be undone, but neither kept nor reverted. */
async function restart(room: Room): Promise<void> {
  const atWork = room.runs.all().filter((run) => Runs.isAtWork(run)).length;
  const question = `Redraft: ${atWork === 1 ? "a draft is" : `${atWork} drafts are`} being written, and would be left half done.`;
  if (atWork === 0 || (await window.showWarningMessage(question, { modal: true }, "Restart")) === "Restart") {
    await room.restart();
  }
}

async function tryExample(room: Room): Promise<void> {
  const client = await room.client();
  if (client) {
    const { document, selection } = await example(room.context);
    const uri = document.uri.toString();
    const at = { line: selection.active.line, character: selection.active.character };
    await room.execute("redraft.run", { action: "implement", uri, version: document.version, range: { start: at, end: at } }, uri);
  }
}

async function menu(room: Room): Promise<void> {
  const declared = room.context.extension.packageJSON as { contributes: { commands: { command: string; title: string }[] } };
  const items = declared.contributes.commands
    .filter(({ command }) => command !== "redraft.menu")
    .map(({ command, title }): QuickPickItem & { command: string } => ({ label: title, command }));
  // Who looks for what is at work wants to stop it.
  const isStop = ({ command }: { command: string }): number => Number(command === "redraft.stopRun" && room.runs.all().some(Runs.isAtWork));
  items.sort((a, b) => isStop(b) - isStop(a));
  const picked = await window.showQuickPick(items, { title: "Redraft" });
  if (picked) {
    await commands.executeCommand(picked.command);
  }
}

type Command = (room: Room, argument: unknown) => unknown;

const COMMANDS: Record<string, Command> = {
  generateHere: generate,
  runPrompt,
  keepDraft: about("redraft.keep", draft),
  revertDraft: about("redraft.revert", draft),
  writeAgain: about("redraft.again", draft),
  changeDraft: change,
  otherModel,
  stopRun: about("redraft.stop", (room, id) => which(room.runs, id, Runs.isAtWork, "nothing is at work.")),
  compareDraft: compare,
  showReport,
  showSent,
  showUsage,
  chooseModel,
  pullModel: pull,
  getStarted: () => commands.executeCommand("workbench.action.openWalkthrough", "redraft.redraft#start", false),
  openConfiguration,
  tryExample,
  doctor,
  showLog: (room) => room.showLog(),
  restart,
  menu,
};

/** Registers all; what one throws is told. */
export function register(room: Room): void {
  for (const [name, command] of Object.entries(COMMANDS)) {
    const guarded = async (argument: unknown): Promise<void> => {
      try {
        await command(room, argument);
      } catch (error) {
        void complain(reason(error));
      }
    };
    room.context.subscriptions.push(commands.registerCommand(`redraft.${name}`, guarded));
  }
}
