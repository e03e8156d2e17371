//! What a session is made with, and how its configuration is read again.

use std::sync::Arc;

use crate::check::process::Supervisor;
use crate::config::Config;
use crate::model::registry::Registry;
use crate::prompt::Shelves;

/// What a session is made with.
#[derive(Debug)]
pub struct Setup {
    /// Where what is learned of projects is kept between sessions; nothing is kept without it.
    pub state: Option<std::path::PathBuf>,
    /// The models, or why there are none (a sentence for the user).
    pub registry: Result<Arc<Registry>, String>,
    /// What else the user has configured.
    pub config: Arc<Config>,
    /// What else the user should be told at the start.
    pub notices: Vec<String>,
    /// Where newer models come from; without it, those of the start stay.
    pub reload: Option<Arc<Reload>>,
    /// The prompts of its user and of workspaces.
    pub shelves: Arc<Shelves>,
    /// The program below which checkers run; without it none does.
    pub supervisor: Option<Supervisor>,
}

/// Reads the configuration; the models so far are what it may take over.
pub type Load = dyn Fn(Option<&Registry>) -> Loaded + Send + Sync;

/// The models with the configuration that they are of, or what is wrong with it, in words for the user.
pub type Loaded = Result<(Arc<Registry>, Arc<Config>), String>;

/// How the configuration is read again.
pub struct Reload {
    /// Whether it is another one than when this was asked last. Looks at the file, and does not read it.
    pub is_changed: Box<dyn Fn() -> bool + Send + Sync>,
    /// Reads it. What is the same in the models so far is kept. Blocks.
    pub load: Box<Load>,
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload").finish_non_exhaustive()
    }
}
