// Settings, as the server takes them.

import { workspace } from "vscode";

/** What `initializationOptions` and `workspace/didChangeConfiguration` say of the settings. */
export function options(): object {
  const settings = workspace.getConfiguration("redraft");
  const model = settings.get<string>("model", "");
  const rounds = settings.get<number | null>("refine.rounds", null);
  const mode = settings.get<string | null>("refine.mode", null);
  return {
    delivery: settings.get<string>("delivery", "stream"),
    config: { ...(model ? { default_model: model } : {}), refine: { ...(rounds === null ? {} : { rounds }), ...(mode ? { mode } : {}) } },
  };
}
