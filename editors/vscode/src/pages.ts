// Pages that are read: what was sent, what was checked, usage, answers in words; and what stood where a draft is.

import { type Disposable, EventEmitter, type TextDocumentContentProvider, Uri, ViewColumn, type WebviewPanel, commands, window, workspace } from "vscode";
import { plain } from "./html";

const SCHEME = "redraft";

/** So many texts are held; the oldest goes. */
const HELD = 40;

// What a model says is text: nothing of it is fetched, run, or followed.
const HEAD = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { max-width: 60em; line-height: 1.5; }
pre { padding: 0.8em; overflow-x: auto; background: var(--vscode-textCodeBlock-background); }
code { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
th, td { padding: 0.2em 0.8em 0.2em 0; text-align: left; vertical-align: top; }
</style>`;

/** See the file's head. */
export class Pages implements TextDocumentContentProvider, Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changes = new EventEmitter<Uri>();
  private readonly registered = workspace.registerTextDocumentContentProvider(SCHEME, this);
  private panel: WebviewPanel | undefined;
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

  /** Shows Markdown beside the editor, in one page for all; the focus stays where it is. */
  async read(title: string, text: string): Promise<void> {
    const html = await commands.executeCommand<string>("markdown.api.render", text);
    const where = { viewColumn: ViewColumn.Beside, preserveFocus: true };
    this.panel ??= this.made(where);
    this.panel.title = `Redraft: ${title}`;
    this.panel.webview.html = `<!DOCTYPE html><html><head>${HEAD}</head><body>${plain(html)}</body></html>`;
    const { panel } = this;
    // One that lies behind the editor that is typed in by now would cover it.
    const covers = !panel.visible && panel.viewColumn === window.tabGroups.activeTabGroup.viewColumn;
    panel.reveal(covers ? ViewColumn.Beside : undefined, true);
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.texts.get(uri.path) ?? "This is not held any more.\n";
  }

  dispose(): void {
    this.registered.dispose();
    this.changes.dispose();
    this.panel?.dispose();
  }

  private made(where: { viewColumn: ViewColumn; preserveFocus: boolean }): WebviewPanel {
    const panel = window.createWebviewPanel("redraft.page", "Redraft", where, { enableScripts: false, enableCommandUris: false, localResourceRoots: [] });
    panel.onDidDispose(() => (this.panel = undefined));
    return panel;
  }
}
