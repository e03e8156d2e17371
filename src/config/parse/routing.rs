//! How models are chosen: `[routing]`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Names, Table, abilities, dollars};
use crate::model::Tokens;
use crate::model::choose::{Requirements, Task};
use crate::model::route::Routing;

pub(super) fn routing(root: &Table<'_>, models: &Names) -> Routing {
    let Some(table) = root.table("routing") else { return Routing::default() };
    let fallback = table.strings("fallback").map(|names| names.value).unwrap_or_default();
    let fallback = fallback.iter().filter(|name| models.check(&table, "fallback", name));
    let flag = |key| table.bool(key).is_some_and(|flag| flag.value);
    let millis = table.integer("max_latency_ms");
    let privacy = table.choice("privacy", &[("local", true), ("cloud", false)]);
    Routing {
        fallback: fallback.map(|name| name.value.to_owned()).collect(),
        allow_cloud_fallback: flag("allow_cloud_fallback"),
        requirements: Requirements {
            max_latency: millis.map(|millis| Duration::from_millis(u64::from(millis.value))),
            max_cost: dollars(&table, "max_cost"),
            prefer_free: flag("prefer_free"),
            min_context: table.integer("min_context").map(|tokens| Tokens(tokens.value)),
            only_local: privacy.is_some_and(|privacy| privacy.value),
            needs: abilities(&table, "needs"),
        },
        pinned: pinned(&table, models),
        prompts: prompts(&table, models),
    }
}

/// The models of single prompts.
fn prompts(routing: &Table<'_>, models: &Names) -> BTreeMap<String, String> {
    let Some(table) = routing.table("prompts") else { return BTreeMap::new() };
    let pinned = table.names().filter_map(|prompt| {
        let name = table.string(prompt)?;
        models.check(&table, prompt, &name).then(|| (prompt.to_owned(), name.value.to_owned()))
    });
    pinned.collect()
}

/// The models of single tasks.
fn pinned(routing: &Table<'_>, models: &Names) -> BTreeMap<Task, String> {
    let Some(table) = routing.table("tasks") else { return BTreeMap::new() };
    let pinned = Task::ALL.into_iter().filter_map(|task| {
        let name = table.string(task.name())?;
        models.check(&table, task.name(), &name).then(|| (task, name.value.to_owned()))
    });
    pinned.collect()
}
