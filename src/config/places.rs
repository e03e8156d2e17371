//! Where the user's files are: the configuration and the state. The environment says so, else the platform does.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::MAX_CONFIG_BYTES;
use super::problem::Problem;

/// The variable that names the configuration file.
const CONFIG_VARIABLE: &str = "REDRAFT_CONFIG";
/// The variable that names the directory of the ledger, the caches, the index and the models.
const STATE_VARIABLE: &str = "REDRAFT_STATE_DIR";

/// A configuration file that may be there, or has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    pub path: PathBuf,
    /// Whether the user named it: then it has to be there.
    pub named: bool,
}

/// The configuration file: what `REDRAFT_CONFIG` names, else `redraft/config.toml` in the platform's directory for
/// configuration.
///
/// # Errors
/// If the platform does not say where that is, because there is no home directory.
pub fn config_file() -> Result<ConfigFile, Problem> {
    config_file_with(&|name| std::env::var_os(name), platform().as_ref())
}

/// The directory for all that Redraft keeps: what `REDRAFT_STATE_DIR` names, else `redraft` in the platform's
/// directory for state. It is not made here, and may not be there.
///
/// # Errors
/// If the platform does not say where that is, because there is no home directory.
pub fn state_dir() -> Result<PathBuf, Problem> {
    state_dir_with(&|name| std::env::var_os(name), platform().as_ref())
}

/// The directory of the user's prompts: `prompts` beside the configuration file. It is not made here, and may not be there.
#[must_use]
pub fn prompts_dir() -> Option<PathBuf> {
    Some(config_file().ok()?.path.parent()?.join("prompts"))
}

/// The text of the file; `None` if it need not be there and is not.
pub(super) fn read(file: &ConfigFile) -> Result<Option<String>, Problem> {
    let problem = |message: String| whole(&file.path, message);
    let opened = match std::fs::File::open(&file.path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !file.named => return Ok(None),
        Err(error) => {
            let named = if file.named { format!(" (named by {CONFIG_VARIABLE})") } else { String::new() };
            return Err(problem(format!("the configuration file{named} cannot be read: {error}")));
        }
    };
    let mut bytes = Vec::new();
    let read = opened.take(MAX_CONFIG_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| problem(format!("the configuration file cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_CONFIG_BYTES {
        return Err(problem(
            "the configuration file is larger than 1 MiB; is this the right one?".to_owned(),
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| problem("the file is not UTF-8 text".to_owned()))?;
    Ok(Some(text))
}

/// The user's home directory, for `~/`.
pub(super) fn home() -> Option<PathBuf> {
    platform().map(|platform| platform.home_dir().to_path_buf())
}

/// The conventions of command-line tools: XDG on Linux and macOS, the known folders on Windows.
fn platform() -> Option<impl BaseStrategy> {
    etcetera::base_strategy::choose_base_strategy().ok()
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

fn config_file_with(
    variables: Variables<'_>,
    platform: Option<&impl BaseStrategy>,
) -> Result<ConfigFile, Problem> {
    if let Some(path) = named(variables, CONFIG_VARIABLE) {
        return Ok(ConfigFile { path, named: true });
    }
    let platform = platform.ok_or_else(|| homeless(CONFIG_VARIABLE, "config.toml"))?;
    Ok(ConfigFile { path: platform.config_dir().join("redraft").join("config.toml"), named: false })
}

fn state_dir_with(
    variables: Variables<'_>,
    platform: Option<&impl BaseStrategy>,
) -> Result<PathBuf, Problem> {
    if let Some(path) = named(variables, STATE_VARIABLE) {
        return Ok(path);
    }
    let platform = platform.ok_or_else(|| homeless(STATE_VARIABLE, "the state directory"))?;
    Ok(platform.state_dir().unwrap_or_else(|| platform.data_dir()).join("redraft"))
}

/// A path from a variable, made absolute: children may run elsewhere. An empty variable counts as none.
fn named(variables: Variables<'_>, variable: &str) -> Option<PathBuf> {
    let value = variables(variable).filter(|value| !value.is_empty())?;
    Some(std::path::absolute(&value).unwrap_or_else(|_| PathBuf::from(value)))
}

fn homeless(variable: &str, what: &str) -> Problem {
    let message = format!("there is no home directory to look for this in; set {variable}");
    whole(Path::new(what), message)
}

fn whole(path: &Path, message: String) -> Problem {
    Problem { path: path.to_path_buf(), place: None, key: String::new(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Platform(Option<PathBuf>);

    impl BaseStrategy for Platform {
        fn home_dir(&self) -> &Path {
            Path::new("/home/me")
        }
        fn config_dir(&self) -> PathBuf {
            "/home/me/.config".into()
        }
        fn data_dir(&self) -> PathBuf {
            "/home/me/data".into()
        }
        fn cache_dir(&self) -> PathBuf {
            "/home/me/cache".into()
        }
        fn state_dir(&self) -> Option<PathBuf> {
            self.0.clone()
        }
        fn runtime_dir(&self) -> Option<PathBuf> {
            None
        }
    }

    #[test]
    fn the_environment_comes_before_the_platform() {
        let xdg = Platform(Some("/home/me/state".into()));
        let none = |_: &str| None;
        let set = |_: &str| Some(OsString::from("/elsewhere"));
        let empty = |_: &str| Some(OsString::new());
        let config = |variables: Variables<'_>| {
            let file = config_file_with(variables, Some(&xdg)).unwrap();
            (file.path, file.named)
        };
        assert_eq!(config(&none), ("/home/me/.config/redraft/config.toml".into(), false));
        assert_eq!(config(&empty), ("/home/me/.config/redraft/config.toml".into(), false));
        assert_eq!(config(&set), ("/elsewhere".into(), true));
        let state = |variables: Variables<'_>, platform| state_dir_with(variables, platform);
        assert_eq!(state(&none, Some(&xdg)), Ok("/home/me/state/redraft".into()));
        assert_eq!(state(&none, Some(&Platform(None))), Ok("/home/me/data/redraft".into()));
        assert_eq!(state(&set, None), Ok("/elsewhere".into()));
        let problem = state(&none, None).unwrap_err().to_string();
        assert!(problem.contains("REDRAFT_STATE_DIR"), "{problem}");
        assert!(named(&|_| Some("relative".into()), "X").unwrap().is_absolute());
    }

    #[test]
    fn a_named_file_has_to_be_there_and_the_default_one_does_not() {
        let path = std::env::temp_dir().join(format!("redraft-config-{}.toml", std::process::id()));
        let file = |named| ConfigFile { path: path.clone(), named };
        assert_eq!(read(&file(false)), Ok(None));
        let problem = read(&file(true)).unwrap_err().to_string();
        assert!(problem.contains("named by REDRAFT_CONFIG"), "{problem}");
        std::fs::write(&path, "default_model = \"x\"").unwrap();
        assert_eq!(read(&file(true)), Ok(Some("default_model = \"x\"".to_owned())));
        std::fs::write(&path, b"\xFF").unwrap();
        assert!(read(&file(false)).unwrap_err().message.contains("not UTF-8"));
        std::fs::write(&path, vec![b'#'; MAX_CONFIG_BYTES as usize + 1]).unwrap();
        assert!(read(&file(false)).unwrap_err().message.contains("larger than 1 MiB"));
        std::fs::remove_file(&path).unwrap();
    }
}
