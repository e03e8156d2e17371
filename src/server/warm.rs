//! What takes long on first use, made before somebody waits for it: in the background, once for each server.
//!
//! A start-up pays for none of it. A language's queries are compiled with the first parse of a document of it; what else a run
//! needs is made when code actions are asked for, since a user chooses from a menu some hundred milliseconds after that; for
//! clients that complete while one types, once a document is parsed.
//! Nothing here connects to anything or starts a process.

use std::sync::Arc;

use super::memory::give_back;
use crate::model::registry::Registry;
use crate::prompt;
use crate::syntax::Language;

/// Makes what the first run would make: all queries, prompts, what looks for secrets, the HTTP client of `model`.
pub(super) fn run(language: &Language, registry: &Result<Arc<Registry>, String>, model: Option<&str>) {
    language.warm();
    let _ = prompt::Library::built_in();
    prompt::secret::warm();
    if let Ok(registry) = registry {
        registry.warm(model);
    }
    give_back();
}
