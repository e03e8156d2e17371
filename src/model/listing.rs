//! What providers say of their own models: kept in the state directory when the user has it fetched (`redraft models list
//! --refresh`). It goes before the built-in table, and behind what the user says.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::ledger::day;
use super::spec::Price;
use super::{MicroUsd, Tokens};

/// Whose file it is, for whoever finds it there.
const VERSION: u32 = 1;
/// The most that is read of the file, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// One model of a provider, as the provider tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub id: String,
    /// Micro-dollars for a million tokens: of prompts, of cached ones, of answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<(u64, u64, u64)>,
    /// Of prompts that are written to a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u32>,
    /// Whether a server on this machine has it in memory, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded: Option<bool>,
}

/// The models of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Whom it is from: another address under the same name has other models.
    pub origin: String,
    /// Seconds since 1970.
    pub at: u64,
    pub models: Vec<Listed>,
}

/// All lists that were fetched, by the names of their providers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listings {
    version: u32,
    pub providers: BTreeMap<String, List>,
}

impl Listed {
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        let (input, cached, output) = self.price?;
        let written = self.written.map(MicroUsd);
        Some(Price { input: MicroUsd(input), cached: MicroUsd(cached), written, output: MicroUsd(output) })
    }

    #[must_use]
    pub fn window(&self) -> Option<Tokens> {
        self.window.map(Tokens)
    }
}

impl List {
    #[must_use]
    pub fn new(origin: String, models: Vec<Listed>, now: SystemTime) -> Self {
        let at = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { origin, at, models }
    }
}

impl Listings {
    /// Where they are kept below the state directory.
    #[must_use]
    pub fn file(state: &Path) -> PathBuf {
        state.join("providers.json")
    }

    /// What was kept below the state directory: nothing where there is none, or it cannot be read.
    #[must_use]
    pub fn load(state: &Path) -> Self {
        let path = Self::file(state);
        let is_small = path.metadata().is_ok_and(|metadata| metadata.len() <= MAX_BYTES);
        let text = if is_small { std::fs::read(&path).ok() } else { None };
        let read = text.and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        read.filter(|listings| listings.version == VERSION).unwrap_or_default()
    }

    /// Keeps it, as a whole or not at all.
    ///
    /// # Errors
    /// What the disk says.
    pub fn keep(&self, state: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(state)?;
        let path = Self::file(state);
        let new = path.with_extension(format!("json.{}", std::process::id()));
        let text = serde_json::to_vec(&Self { version: VERSION, ..self.clone() })?;
        let written = std::fs::File::create(&new)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()));
        written.and_then(|()| std::fs::rename(&new, &path)).inspect_err(|_| drop(std::fs::remove_file(&new)))
    }

    /// The day on which the list of the provider called `name` was fetched, as `2026-01-31`.
    #[must_use]
    pub fn day(&self, name: &str) -> Option<String> {
        let at = Duration::from_secs(self.providers.get(name)?.at);
        Some(day(SystemTime::UNIX_EPOCH.checked_add(at)?))
    }

    /// The model that the provider called `name`, at `origin`, calls `id`.
    #[must_use]
    pub fn find(&self, name: &str, origin: &str, id: &str) -> Option<&Listed> {
        let list = self.providers.get(name).filter(|list| list.origin == origin)?;
        list.models.iter().find(|listed| listed.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_damage_is_nothing() {
        let state = std::env::temp_dir().join(format!("redraft-listings-{}", std::process::id()));
        assert_eq!(Listings::load(&state), Listings::default());
        let listed =
            Listed { id: "m".to_owned(), price: Some((1, 2, 3)), window: Some(9), ..Listed::default() };
        let list = List::new("http://h".to_owned(), vec![listed.clone()], SystemTime::now());
        let listings = Listings { version: VERSION, providers: BTreeMap::from([("p".to_owned(), list)]) };
        listings.keep(&state).unwrap();
        let again = Listings::load(&state);
        std::fs::write(Listings::file(&state), "{").unwrap();
        let damaged = Listings::load(&state);
        std::fs::remove_dir_all(&state).unwrap();
        assert_eq!((&again, damaged), (&listings, Listings::default()));
        assert_eq!(again.find("p", "http://h", "m"), Some(&listed));
        for (name, origin, id) in [("q", "http://h", "m"), ("p", "http://other", "m"), ("p", "http://h", "n")]
        {
            assert_eq!(again.find(name, origin, id), None);
        }
    }
}
