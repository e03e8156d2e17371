// Fetching an embedded model: a progress that can be cancelled, and what to do next. The server's program does it.

import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { ProgressLocation, commands, window } from "vscode";
import { type Room, needed } from "./room";
import { complain } from "./server";
import { unlinked } from "./words";

/** What went wrong is said in the last lines. */
const TOLD = 6;

/** Fetches the model of this name; where none is said the one that is missed, else the one that needs no configuration. */
export async function pull(room: Room, argument: unknown): Promise<void> {
  const program = needed(room);
  if (!program) {
    return;
  }
  const name = typeof argument === "string" ? argument : room.missing();
  const args = ["models", "pull", ...(name === undefined ? [] : [name])];
  const options = { location: ProgressLocation.Notification, title: `Redraft: fetching ${unlinked(name ?? "the model")}`, cancellable: true };
  const failure = await window.withProgress(options, (progress, token) => new Promise<string | undefined>((resolve) => {
    const child = spawn(program, args, { cwd: homedir(), stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    const hear = (data: Buffer): void => {
      // A line that is written over again and again ends with a carriage return.
      const fresh = data.toString("utf8").replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);
      lines.push(...fresh);
      lines.splice(0, Math.max(0, lines.length - TOLD));
      const last = lines.at(-1);
      if (last) {
        progress.report({ message: unlinked(last) });
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    token.onCancellationRequested(() => child.kill());
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(code === 0 ? undefined : token.isCancellationRequested ? "" : lines.join(" ")));
  }));
  await room.look();
  if (failure === undefined) {
    const next = "Try It on an Example";
    if ((await window.showInformationMessage(`Redraft: ${unlinked(name ?? "the model")} is there.`, next)) === next) {
      await commands.executeCommand("redraft.tryExample");
    }
  } else if (failure !== "") {
    await complain(`the model was not fetched: ${failure}`);
  }
}
