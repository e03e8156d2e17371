// Settings, as the server takes them.

import { type ConfigurationChangeEvent, workspace } from "vscode";

/**
 * How drafts come; nothing where that is the server's to say, by the mode that is set. A save in the middle of one would make a
 * second step of undo, so where the editor saves by itself they come whole.
 */
function delivery(wanted: string, mode: string | null): string | undefined {
  if (wanted !== "auto") {
    return wanted;
  }
  return mode ? undefined : workspace.getConfiguration("files").get<string>("autoSave") === "afterDelay" ? "final" : "stream";
}

/** What `initializationOptions` and `workspace/didChangeConfiguration` say of the settings. */
export function options(): object {
  const settings = workspace.getConfiguration("redraft");
  const model = settings.get<string>("model", "");
  const rounds = settings.get<number | null>("refine.rounds", null);
  const mode = settings.get<string | null>("refine.mode", null);
  const wanted = delivery(settings.get<string>("delivery", "auto"), mode);
  return {
    ...(wanted === undefined ? {} : { delivery: wanted }),
    config: { ...(model ? { default_model: model } : {}), refine: { ...(rounds === null ? {} : { rounds }), ...(mode ? { mode } : {}) } },
  };
}

/** Whether something has changed that the server or what is shown of it goes by. */
export function concerns(event: ConfigurationChangeEvent): boolean {
  return event.affectsConfiguration("redraft") || event.affectsConfiguration("files.autoSave");
}
