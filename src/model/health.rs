//! How this process's models are: their breakers, which outlive the process in the ledger's file.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::breaker::{Breaker, End, Permit, Time};
use super::choose::Health;
use super::spec::{KeySource, ModelSource};

/// What has a breaker of its own: a provider's model behind one origin and one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Circuit {
    name: String,
    /// The key and the configuration file: with another one, a key that was refused may be good now.
    configuration: u64,
}

/// What the keys in the ledger's file begin with.
const PREFIX: &str = "breaker/";

impl Circuit {
    #[must_use]
    pub fn of(provider: &str, origin: &str, source: &ModelSource, key: &KeySource, file: u64) -> Self {
        let model = match source {
            ModelSource::Id(id) => id.clone(),
            ModelSource::Path(path) => path.display().to_string(),
        };
        // The key itself is told by a part of its hash: who changes it wants to be heard.
        let value = match key {
            KeySource::None => String::new(),
            KeySource::Env(name) => std::env::var(name).unwrap_or_default(),
            // A keyring may ask its user; a process asks for what is in there once.
            KeySource::Keyring { .. } => format!("{:?}", process()),
        };
        let name = format!("{PREFIX}{provider}/{origin}/{model}/{key}");
        let hash = Sha256::digest(format!("{name}\0{value}\0{file}").as_bytes());
        let configuration = hash.iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte));
        Self { name, configuration }
    }
}

/// One value for each process.
fn process() -> (u32, SystemTime) {
    static BEGAN: OnceLock<(u32, SystemTime)> = OnceLock::new();
    *BEGAN.get_or_init(|| (std::process::id(), SystemTime::now()))
}

/// All breakers.
#[derive(Debug, Default)]
pub struct Breakers {
    known: Mutex<BTreeMap<String, Breaker>>,
}

impl Breakers {
    /// Takes in what the ledger kept of other processes, where that is later than what this one knows.
    pub fn restore(&self, kept: impl IntoIterator<Item = (String, String)>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in kept {
            if let Ok(breaker) = serde_json::from_str::<Breaker>(&value) {
                known.entry(name).or_default().follow(breaker);
            }
        }
    }

    #[must_use]
    pub fn health(&self, circuit: &Circuit) -> Health {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&circuit.name).map_or(Health::Well, |breaker| breaker.health(now(), circuit.configuration))
    }

    /// Lets a call through, or says how the model is.
    ///
    /// # Errors
    /// Why it is not let through.
    pub fn admit(&self, circuit: &Circuit) -> Result<Permit, Health> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = known.entry(circuit.name.clone()).or_default();
        let health = breaker.health(now(), circuit.configuration);
        breaker.admit(now(), circuit.configuration).ok_or(health)
    }

    /// What the claim on the one call that finds out is called in the ledger.
    #[must_use]
    pub fn claim(circuit: &Circuit) -> String {
        format!("probe/{}", circuit.name)
    }

    /// Takes in how a call ended. Returns what is to be kept, where another process would have to know it.
    #[must_use]
    pub fn told(&self, circuit: &Circuit, permit: Permit, end: End) -> Option<(String, String)> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = known.get_mut(&circuit.name)?;
        let was_well = breaker.is_well();
        breaker.told(permit, end, now(), circuit.configuration);
        if was_well && breaker.is_well() {
            return None;
        }
        Some((circuit.name.clone(), serde_json::to_string(breaker).ok()?))
    }

    /// Forgets what was held against a model. Returns what is to be kept.
    #[must_use]
    pub fn forgive(&self, circuit: &Circuit) -> (String, String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = known.entry(circuit.name.clone()).or_default();
        *breaker = Breaker::forgiven(now());
        (circuit.name.clone(), serde_json::to_string(breaker).unwrap_or_default())
    }

    /// What the keys in the ledger's file begin with.
    #[must_use]
    pub fn prefix() -> &'static str {
        PREFIX
    }
}

fn now() -> Time {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circuit(variable: &str) -> Circuit {
        let key = KeySource::Env(variable.to_owned());
        Circuit::of("p", "http://127.0.0.1:1", &ModelSource::Id("m".to_owned()), &key, 0)
    }

    #[test]
    fn what_opened_is_open_in_the_next_process() {
        let (breakers, circuit) = (Breakers::default(), circuit("REDRAFT_TEST_NO_SUCH_KEY"));
        let mut kept = None;
        for _ in 0..5 {
            let permit = breakers.admit(&circuit).unwrap();
            kept = breakers.told(&circuit, permit, End::Failed).or(kept);
        }
        assert!(matches!(breakers.admit(&circuit), Err(Health::Resting(_))));
        let next = Breakers::default();
        assert_eq!(next.health(&circuit), Health::Well);
        next.restore(kept.clone());
        assert!(matches!(next.health(&circuit), Health::Resting(_)));
        // What is not to be read counts for nothing.
        let other = Breakers::default();
        other.restore(kept.map(|(name, _)| (name, "{".to_owned())));
        assert_eq!(other.health(&circuit), Health::Well);
    }

    #[test]
    fn another_key_is_another_chance() {
        // `PATH` stands for a key that another configuration has in another variable.
        let (old, new) = (circuit("REDRAFT_TEST_NO_SUCH_KEY"), circuit("PATH"));
        let new = Circuit { name: old.name.clone(), ..new };
        let breakers = Breakers::default();
        let permit = breakers.admit(&old).unwrap();
        assert!(breakers.told(&old, permit, End::Refused).is_some());
        assert_eq!((breakers.health(&old), breakers.health(&new)), (Health::Barred, Health::Well));
        assert!(breakers.admit(&old).is_err() && breakers.admit(&new).is_ok());
    }
}
