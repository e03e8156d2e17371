// The server: where its program is, and what it writes.

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type ExtensionContext, type TextDocument, window, workspace } from "vscode";
import { unlinked } from "./words";

/** The languages that Redraft writes, by LSP's identifiers. */
export const LANGUAGES = [
  "python", "rust", "typescript", "typescriptreact", "javascript", "javascriptreact", "go", "java", "c", "cpp", "csharp", "php", "ruby",
];

export function writes(document: TextDocument): boolean {
  return LANGUAGES.includes(document.languageId) && ["file", "untitled"].includes(document.uri.scheme);
}

const NAME = process.platform === "win32" ? "redraft.exe" : "redraft";

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether a folder is in one that is open here: an environment of the project may be on the PATH. */
function isOfWorkspace(folder: string): boolean {
  const real = (place: string): string => {
    try {
      return fs.realpathSync(place);
    } catch {
      return path.resolve(place);
    }
  };
  const inside = (opened: string): boolean => {
    const way = path.relative(real(opened), real(folder));
    return way === "" || (!way.startsWith("..") && !path.isAbsolute(way));
  };
  return (workspace.workspaceFolders ?? []).some(({ uri }) => uri.scheme === "file" && inside(uri.fsPath));
}

/** The server's program, or what to do about that there is none. A workspace has no say in it. */
export function program(context: ExtensionContext): { path: string } | { problem: string } {
  const wanted = workspace.getConfiguration("redraft").inspect<string>("server.path")?.globalValue?.trim();
  if (wanted) {
    const file = wanted.replace(/^~(?=[/\\])/, os.homedir());
    if (!path.isAbsolute(file)) {
      return { problem: `redraft.server.path: ${wanted} is no absolute path` };
    }
    return isProgram(file) ? { path: file } : { problem: `redraft.server.path: ${wanted} is no program` };
  }
  const bundled = path.join(context.extensionPath, "server", NAME);
  // What is relative in PATH would be looked for in the workspace.
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder) && !isOfWorkspace(folder));
  const cargo = path.join(os.homedir(), ".cargo", "bin");
  const found = [bundled, ...[...folders, cargo].map((folder) => path.join(folder, NAME))].find(isProgram);
  return found
    ? { path: found }
    : { problem: `the program ${NAME} is not on the PATH: install it (\`cargo install --locked --path .\` in Redraft's source), or name it in redraft.server.path` };
}

export function complain(problem: string, ...actions: string[]): Thenable<string | undefined> {
  return window.showErrorMessage(`Redraft: ${unlinked(problem)}`, ...actions);
}
