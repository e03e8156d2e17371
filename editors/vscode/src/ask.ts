// What the user is asked: an instruction, with what they said before at hand; a prompt and its inputs; a model.

import { type Memento, type QuickPickItem, QuickPickItemKind, window } from "vscode";
import type { Input, Model, Prompt } from "./protocol";
import { price, unlinked } from "./words";

const HISTORY = "redraft.instructions";
const REMEMBERED = 50;

/** An instruction: typed, or one of those before. */
export async function instruction(memory: Memento, title: string, placeholder: string): Promise<string | undefined> {
  const before = memory.get<string[]>(HISTORY, []);
  const picked = await new Promise<string | undefined>((resolve) => {
    const pick = window.createQuickPick();
    pick.title = title;
    pick.placeholder = placeholder;
    let shown = "";
    const show = (): void => {
      const typed = pick.value.trim();
      shown = typed;
      const earlier = before.filter((text) => text !== typed).map((label): QuickPickItem => ({ label, iconPath: undefined as never }));
      const own: QuickPickItem[] = typed ? [{ label: typed, alwaysShow: true }] : [];
      const rule: QuickPickItem[] = earlier.length > 0 ? [{ label: "before", kind: QuickPickItemKind.Separator }] : [];
      pick.items = [...own, ...rule, ...earlier];
    };
    show();
    pick.onDidChangeValue(show);
    pick.onDidAccept(() => {
      const typed = pick.value.trim();
      const [active] = pick.activeItems;
      // What is shown may be of an earlier text: then what is typed is meant, and nothing that was said before.
      const isOfNow = typed === shown;
      resolve((isOfNow ? active?.label : undefined) ?? (typed || active?.label));
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
  if (picked) {
    await memory.update(HISTORY, [picked, ...before.filter((text) => text !== picked)].slice(0, REMEMBERED));
  }
  return picked;
}

/** One of the prompts that can run at the place. */
export async function prompt(prompts: readonly Prompt[]): Promise<Prompt | undefined> {
  const item = (prompt: Prompt): QuickPickItem & { prompt: Prompt } => ({
    label: prompt.title, description: prompt.action, detail: prompt.description, prompt,
  });
  const picked = await window.showQuickPick(prompts.map(item), {
    title: "Run a Prompt", placeHolder: "What to do here", matchOnDescription: true, matchOnDetail: true,
  });
  return picked?.prompt;
}

/** What a prompt asks, answered; nothing where that was broken off. */
export async function inputs(asked: readonly Input[], title: string): Promise<Record<string, string> | undefined> {
  const answers: Record<string, string> = {};
  for (const [index, input] of asked.entries()) {
    const answer = await window.showInputBox({
      title: asked.length > 1 ? `${title} (${index + 1} of ${asked.length})` : title,
      // A prompt's file may be of the workspace, and an input box has links as messages do.
      prompt: unlinked(input.description || input.name),
      value: input.default ?? "",
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() || input.default !== null ? undefined : `${unlinked(input.name)} is needed`),
    });
    if (answer === undefined) {
      return undefined;
    }
    answers[input.name] = answer;
  }
  return answers;
}

const PLACES = { embedded: "runs inside of Redraft", local: "on this machine", cloud: "hosted" };

/** `491 MB, 700 MB of memory at work: the default` */
function fetched({ size, memory, about }: Model): string {
  const told = (bytes = 0): string => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);
  return `${told(size)}, ${told(memory)} of memory at work${about ? `: ${about}` : ""}`;
}

/** One of the models; the ones that are not there are told so. */
export async function model(models: readonly Model[], current: string, title: string): Promise<Model | undefined> {
  const item = (model: Model): QuickPickItem & { model: Model } => ({
    label: `${model.name === current ? "$(check) " : ""}${model.name}`,
    description: `${model.provider} · ${PLACES[model.privacy]} · ${price(model)}`,
    ...(model.size === undefined ? {} : { detail: `${model.is_there ? "" : "not fetched yet · "}${fetched(model)}` }),
    model,
  });
  const picked = await window.showQuickPick(models.map(item), { title, matchOnDescription: true });
  return picked?.model;
}
