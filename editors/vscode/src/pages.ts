// Pages that are read: what was sent, what was checked, usage, answers in words; and what stood where a draft is.

import { type Disposable, EventEmitter, type TextDocumentContentProvider, Uri, ViewColumn, commands, workspace } from "vscode";

export const SCHEME = "redraft";

/** So many pages are held; the oldest goes. */
const HELD = 40;

/** See the file's head. */
export class Pages implements TextDocumentContentProvider, Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changes = new EventEmitter<Uri>();
  private readonly registered = workspace.registerTextDocumentContentProvider(SCHEME, this);
  readonly onDidChange = this.changes.event;

  /** Holds a text by a name, of which the ending tells what it is; a newer one takes its place. */
  hold(name: string, text: string): Uri {
    const uri = Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.texts.delete(uri.path);
    this.texts.set(uri.path, text);
    const [oldest] = this.texts.keys();
    if (this.texts.size > HELD && oldest !== undefined) {
      this.texts.delete(oldest);
    }
    this.changes.fire(uri);
    return uri;
  }

  /** Shows Markdown beside the editor, as it is read; the focus stays where it is. */
  async read(name: string, text: string): Promise<void> {
    const where = { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true };
    await commands.executeCommand("vscode.openWith", this.hold(name, text), "vscode.markdown.preview.editor", where);
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.path) ?? "This page is not held any more.\n";
  }

  dispose(): void {
    this.registered.dispose();
    this.changes.dispose();
  }
}
