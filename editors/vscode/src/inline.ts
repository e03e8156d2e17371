// Inline completion: when it is asked for. What is answered is the server's.

import {
  type CancellationToken, type InlineCompletionContext, type InlineCompletionItem, type InlineCompletionList, InlineCompletionTriggerKind,
  type Position, type ProviderResult, type TextDocument, workspace,
} from "vscode";

type Answer = ProviderResult<InlineCompletionItem[] | InlineCompletionList>;
type Next = (document: TextDocument, position: Position, context: InlineCompletionContext, token: CancellationToken) => Answer;

/** Waits; whether that was not cancelled. */
function pause(milliseconds: number, token: CancellationToken): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), milliseconds);
    token.onCancellationRequested(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

/** Asks the server where the settings let it, once its user pauses. */
export async function completed(
  document: TextDocument, position: Position, context: InlineCompletionContext, token: CancellationToken, next: Next,
): Promise<InlineCompletionItem[] | InlineCompletionList | null | undefined> {
  const settings = workspace.getConfiguration("redraft", document);
  const mode = settings.get<string>("inlineCompletion", "automatic");
  const isAutomatic = context.triggerKind === InlineCompletionTriggerKind.Automatic;
  if (mode === "off" || (mode === "manual" && isAutomatic)) {
    return null;
  }
  if (isAutomatic && !(await pause(settings.get<number>("inlineCompletion.delay", 250), token))) {
    return null;
  }
  return next(document, position, context, token);
}
