//! The checkers of one workspace: those that its user configured, asked of a draft, each with what it found before. They run only
//! where the workspace is trusted: whoever makes a suite says so.
//!
//! What is quick comes first, and what takes long is not asked of a draft that is wrong already. A checker that tells nothing is
//! told of; it is never taken for one that found nothing.

mod cases;
mod checker;
mod gate;
mod most;
mod testing;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use tokio::sync::OnceCell;

use super::command::{Found, Target};
use super::copy::Copy;
use super::examples::{self, Example};
use super::lsp::uri_of;
use super::output::Case;
use super::overlay::{Overlay, Version};
use super::process::{Limits, Spec, Supervisor, Trouble, find, run_keeping};
use super::{Depth, Finding, Severity, imports, introduced};
use crate::config::CheckerSpec;

use self::checker::{Checker, Kind};
pub use self::gate::{NO_TESTS, is_measured};
use self::testing::{RUN, of_draft};

/// See the module's head. Dropping it ends what it started.
#[derive(Debug)]
pub struct Suite {
    root: PathBuf,
    state: PathBuf,
    checkers: Vec<Checker>,
    copy: OnceCell<Arc<tokio::sync::Mutex<Copy>>>,
}

/// What each checker found in the file before the draft, as far as that had to be known.
#[derive(Debug, Default)]
pub struct Known {
    findings: Mutex<HashMap<String, Vec<Finding>>>,
    /// What became of the tests, or why that is not known.
    cases: Mutex<HashMap<String, Result<Vec<Case>, String>>>,
}

/// What the checkers made of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// What the draft brought in.
    pub findings: Vec<Finding>,
    /// Those that told nothing, and why, as a sentence each.
    pub unheard: Vec<String>,
    /// Those that were asked.
    pub asked: Vec<String>,
    /// How far that went.
    pub depth: Depth,
    /// What was measured, a sentence each.
    pub reached: Vec<String>,
}

impl Suite {
    /// The checkers of the workspace at `root`, which is trusted.
    #[must_use]
    pub fn new(specs: &[CheckerSpec], root: &Path, state: &Path, supervisor: &Supervisor) -> Self {
        let checkers = specs.iter().map(|spec| Checker::new(spec, root, supervisor)).collect();
        Self { root: root.to_owned(), state: state.to_owned(), checkers, copy: OnceCell::new() }
    }

    /// Whether it has a checker for the language.
    #[must_use]
    pub fn is_for(&self, language: &str) -> bool {
        self.checkers.iter().any(|checker| checker.is_for(language))
    }

    /// Starts the language servers for a language, and fills the copy that commands run on, so that the first draft does not wait for
    /// them.
    pub async fn warm(&self, language: &str) {
        let servers = self.checkers.iter().filter(|checker| checker.is_for(language));
        let mut runs = false;
        for checker in servers {
            match &checker.kind {
                Kind::Server(server) => server.warm(),
                Kind::Command(_) => runs = true,
                // They come last, and take longer than a copy.
                Kind::Tests(_) | Kind::Examples { .. } => {}
            }
        }
        if let (true, Ok(copy)) = (runs, self.copy().await) {
            let mut copy = copy.clone().lock_owned().await;
            // What is wrong with it is told where it is used.
            let _ = tokio::task::spawn_blocking(move || copy.refresh(&[("", ""); 0])).await;
        }
    }

    /// What the checkers have to say of a draft; `before` are the findings that are known of it by now.
    pub async fn check(&self, overlay: &Overlay, known: &Known, before: &[Finding]) -> Heard {
        let mut heard = Heard::default();
        let language = overlay.language.id;
        let (quick, slow): (Vec<&Checker>, Vec<&Checker>) =
            self.checkers.iter().filter(|checker| checker.is_for(language)).partition(|one| one.is_quick());
        for (group, depth) in [(quick, Depth::Quick), (slow, Depth::Slow)] {
            let is_wrong = |finding: &&Finding| finding.severity == Severity::Error;
            if before.iter().chain(&heard.findings).any(|finding| is_wrong(&finding)) {
                // What is wrong already need not fail its tests as well.
                break;
            }
            let told = join_all(group.iter().map(|checker| self.ask(checker, overlay, known))).await;
            for (checker, told) in group.iter().zip(told) {
                heard.take(&checker.name, told);
            }
            // What did not come to its end was not looked at so far.
            if !heard.findings.iter().any(|finding| finding.code == RUN) {
                heard.depth = depth;
            }
        }
        most::shorten(&mut heard);
        heard
    }

    /// What one finds that was not there before; nothing where it has nothing to look at.
    async fn ask(
        &self,
        checker: &Checker,
        overlay: &Overlay,
        known: &Known,
    ) -> Result<Option<Vec<Finding>>, String> {
        if let Kind::Tests(command) = &checker.kind {
            return self.ask_tests(&checker.name, command, overlay, known).await;
        }
        let told = self.findings(checker, overlay, &overlay.after).await;
        if let (Err(why), Kind::Examples { .. }) = (&told, &checker.kind)
            && self.findings(checker, overlay, &overlay.before).await.is_ok()
        {
            // With what stood there before, they came to an end.
            let message = format!(
                "the docstring's examples did not come to their end with this draft: the run of them {why}"
            );
            let finding = Finding::error("", RUN, overlay.draft.clone(), message);
            return Ok(Some(vec![finding.by(&checker.name)]));
        }
        let Some(after) = told? else { return Ok(None) };
        let Found { findings: after, doubt } = after;
        if after.is_empty() {
            return Ok(Some(after));
        }
        let before = match known.get(&checker.name) {
            Some(before) => before,
            None => {
                let before = match &checker.kind {
                    // What a docstring promises is the draft's to keep, whatever stood there before.
                    Kind::Examples { .. } => Vec::new(),
                    _ => {
                        let found = self.findings(checker, overlay, &overlay.before).await?;
                        found.map(|found| found.findings).unwrap_or_default()
                    }
                };
                known.set(&checker.name, before.clone());
                before
            }
        };
        let new = introduced(&overlay.excusing(before), after);
        // What stopped it before stops it still: of the draft it has said nothing.
        doubt.filter(|_| new.is_empty()).map_or(Ok(Some(new)), Err)
    }

    async fn findings(
        &self,
        checker: &Checker,
        overlay: &Overlay,
        version: &Version,
    ) -> Result<Option<Found>, String> {
        let found = self.found(checker, overlay, version).await?;
        found.map(most::comparable).transpose()
    }

    async fn found(
        &self,
        checker: &Checker,
        overlay: &Overlay,
        version: &Version,
    ) -> Result<Option<Found>, String> {
        let target = self.target(overlay, version);
        let told = |trouble: Trouble| trouble.to_string();
        match &checker.kind {
            Kind::Server(server) => {
                let uri = uri_of(&self.root.join(&overlay.path));
                let found = server.check(&uri, overlay.language.id, &version.text).await;
                found.map(|findings| Some(Found { findings, doubt: None }))
            }
            Kind::Command(command) => {
                command.check(&target, self.copy().await?).await.map(Some).map_err(told)
            }
            Kind::Tests(command) => {
                let Some((tests, _)) = self.tests_of(overlay).await? else { return Ok(None) };
                let report = self.run_tests(command, &tests, overlay, version).await?.map_err(told)?;
                let findings =
                    report.findings.into_iter().map(|finding| of_draft(overlay, finding)).collect();
                Ok(Some(Found { findings, doubt: report.doubt }))
            }
            Kind::Examples { program, limits, supervisor } => {
                let found = examples::of(overlay);
                if found.is_empty() {
                    return Ok(None);
                }
                let found = self.run_examples((program, *limits, supervisor), overlay, version, &found).await;
                found.map(|findings| Some(Found { findings, doubt: None }))
            }
        }
    }

    fn target<'a>(&'a self, overlay: &'a Overlay, version: &'a Version) -> Target<'a> {
        Target { root: &self.root, path: &overlay.path, text: &version.text, beside: &overlay.beside }
    }

    async fn run_examples(
        &self,
        (program, limits, supervisor): (&[String], Limits, &Supervisor),
        overlay: &Overlay,
        version: &Version,
        found: &[Example],
    ) -> Result<Vec<Finding>, String> {
        let Some(script) = overlay.language.examples else { return Ok(Vec::new()) };
        let mut copy = self.copy().await?.clone().lock_owned().await;
        let files = self.target(overlay, version).files();
        let filled = tokio::task::spawn_blocking(move || copy.refresh(&files).map(|folder| (folder, copy)));
        let (folder, copy) = filled
            .await
            .map_err(|_| "was not run: the workspace could not be copied".to_owned())?
            .map_err(|error| format!("was not run: {error}"))?;
        let path = folder.join(&overlay.path);
        let question = examples::question(found, &path.to_string_lossy(), &folder.to_string_lossy());
        let env = imports::of(overlay.language, &folder);
        let mut argv: Vec<OsString> = program.iter().map(OsString::from).collect();
        if let Some(first) = argv.first_mut() {
            *first = find(first, &self.root).map_err(|trouble| trouble.to_string())?;
        }
        argv.extend(["-c".into(), script.into()]);
        let spec = Spec {
            argv,
            folder,
            stdin: Some(question.to_string().into_bytes()),
            env,
            limits,
            supervisor: supervisor.clone(),
        };
        let output = run_keeping(spec, copy).await.map_err(|trouble| trouble.to_string())?;
        let read = examples::findings(&output.stdout, found, overlay);
        read.map_err(|why| format!("gave no result: {why}; it said: {}", output.stderr.trim_end()))
    }

    async fn copy(&self) -> Result<&Arc<tokio::sync::Mutex<Copy>>, String> {
        let make = || async {
            let (root, state) = (self.root.clone(), self.state.clone());
            let made = tokio::task::spawn_blocking(move || Copy::new(&root, &state)).await;
            match made {
                Ok(Ok(copy)) => Ok(Arc::new(tokio::sync::Mutex::new(copy))),
                Ok(Err(error)) => Err(format!("was not run: {error}")),
                Err(_) => Err("was not run: the workspace could not be copied".to_owned()),
            }
        };
        self.copy.get_or_try_init(make).await
    }

    /// What the checkers find in a file as it is, each for itself.
    pub async fn check_file(&self, overlay: &Overlay) -> Heard {
        let mut heard = Heard::default();
        for checker in self.checkers.iter().filter(|checker| checker.is_for(overlay.language.id)) {
            let told = self.findings(checker, overlay, &overlay.after).await;
            heard.take(&checker.name, told.map(|found| found.map(|found| found.findings)));
        }
        heard
    }

    /// Says good-bye to the servers.
    pub async fn goodbye(&self) {
        join_all(self.checkers.iter().filter_map(|checker| match &checker.kind {
            Kind::Server(server) => Some(server.goodbye()),
            _ => None,
        }))
        .await;
    }
}

impl Heard {
    /// Takes in what the checker `name` told, if it had anything to look at.
    fn take(&mut self, name: &str, told: Result<Option<Vec<Finding>>, String>) {
        match told {
            Ok(Some(findings)) => {
                self.asked.push(name.to_owned());
                self.findings.extend(findings);
            }
            Ok(None) => {}
            Err(why) => self.unheard.push(format!("{name} {why}")),
        }
    }
}

impl Known {
    fn get(&self, name: &str) -> Option<Vec<Finding>> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn set(&self, name: &str, findings: Vec<Finding>) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), findings);
    }

    fn cases(&self, name: &str) -> Option<Result<Vec<Case>, String>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn set_cases(&self, name: &str, cases: Result<Vec<Case>, String>) {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), cases);
    }
}
