//! What takes long on first use, made before somebody waits for it: in the background, once for each server.
//!
//! A start-up pays for none of it. A language's queries are compiled when a document of it was opened; what a run needs is
//! made when code actions are asked for, since a user chooses from a menu some hundred milliseconds after that; what reads
//! its answer, when its question is made. Nothing here connects to anything or starts a process.

use std::sync::Arc;

use super::memory::give_back;
use crate::model::registry::Registry;
use crate::prompt;
use crate::syntax::Language;

/// Compiles the queries of a language: some 15 ms, which the first code actions would take longer.
pub(super) fn language(language: &Language) {
    language.warm();
    give_back();
}

/// The same of what the reading of an answer asks, while the model reads.
pub(super) fn reading(language: &Language) {
    language.warm_to_read();
    give_back();
}

/// Makes what the first run would make: prompts, what looks for secrets, the HTTP client of `model`.
pub(super) fn run(registry: &Result<Arc<Registry>, String>, model: Option<&str>) {
    let _ = prompt::library();
    prompt::secret::warm();
    if let Ok(registry) = registry {
        registry.warm(model);
    }
    give_back();
}
