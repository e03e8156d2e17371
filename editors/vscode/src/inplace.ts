// The draft against what stood there, in the editor itself: VS Code's own view of changed lines, which wants a source control of ours.

import { type Disposable, type SourceControl, type TextDocument, Uri, commands, scm } from "vscode";

/** When the view is asked for, in milliseconds: VS Code compares in a while, and says to nobody when it has. Once it is there, asking changes nothing. */
const ASKED = [150, 500, 1_000];

/** See the file's head. */
export class InPlace implements Disposable {
  private control: SourceControl | undefined;
  private readonly originals = new Map<string, Uri>();

  /** Compares a document with `original` from now on, and shows the change at the cursor or behind it. */
  async show(document: TextDocument, original: Uri): Promise<void> {
    this.originals.set(document.uri.toString(), original);
    this.control ??= this.made();
    // Another one is asked anew.
    this.control.quickDiffProvider = { provideOriginalResource: (uri: Uri) => this.originals.get(uri.toString()) };
    for (const when of ASKED) {
      await new Promise((resolve) => setTimeout(resolve, when));
      await commands.executeCommand("editor.action.dirtydiff.next");
    }
  }

  /** Those that have no draft any more are compared no more; without any, the source control goes. */
  keep(has: (uri: string) => boolean): void {
    for (const uri of this.originals.keys()) {
      if (!has(uri)) {
        this.originals.delete(uri);
      }
    }
    if (this.originals.size === 0) {
      this.dispose();
    }
  }

  dispose(): void {
    this.control?.dispose();
    this.control = undefined;
  }

  private made(): SourceControl {
    const control = scm.createSourceControl("redraft", "Redraft: drafts");
    control.inputBox.visible = false;
    return control;
  }
}
