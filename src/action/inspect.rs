//! A draft is looked at by everything that looks: the built-in checks, then the checkers of the workspace. What these offer to
//! mend safely is mended without asking the model.

use std::sync::Arc;

use super::redraft::overlay;
use crate::check::suite::{Known, Suite};
use crate::check::{Finding, Overlay, Severity};
use crate::draft::verify::Proposal;
use crate::job::Checked;
use crate::text::edit::{Edit, applied};

/// The checks that need no configuration.
const BUILT_IN: [&str; 3] = ["syntax", "names", "evasions"];

/// The checkers of a workspace, and how they call the file.
#[derive(Clone, Debug)]
pub struct Checkers {
    pub suite: Arc<Suite>,
    /// From the workspace's folder.
    pub path: String,
    /// What they found before.
    pub known: Arc<Known>,
}

/// Looks at a draft. `look` are the built-in checks; it may take its time. `path` is how the project calls the file.
///
/// Dropping the future ends what was started for it.
pub async fn inspect(
    proposal: Proposal,
    path: String,
    look: impl Fn(&Overlay) -> Vec<Finding> + Send + Sync + 'static,
    checkers: Option<Checkers>,
) -> Checked {
    let look = Arc::new(look);
    let first = looked(proposal.clone(), &path, &look, checkers.as_ref()).await;
    let Some(draft) = mended(&proposal, &first.findings) else { return first };
    let second = Proposal { draft, ..proposal };
    let (verified, second) = match tokio::task::spawn_blocking(move || (second.verify(), second)).await {
        Ok(verified) => verified,
        Err(_) => return first,
    };
    if verified.is_err() {
        return first;
    }
    let draft = second.draft.clone();
    let again = looked(second, &path, &look, checkers.as_ref()).await;
    if grade(&again) < grade(&first) { Checked { mended: Some(draft), ..again } } else { first }
}

async fn looked(
    proposal: Proposal,
    path: &str,
    look: &Arc<impl Fn(&Overlay) -> Vec<Finding> + Send + Sync + 'static>,
    checkers: Option<&Checkers>,
) -> Checked {
    let (path, look) = (path.to_owned(), look.clone());
    let work = move || {
        let overlay = overlay(&proposal, &path);
        (look(&overlay), overlay)
    };
    let Ok((mut findings, overlay)) = tokio::task::spawn_blocking(work).await else {
        // A check that died found nothing, which is not to be taken for a clean draft.
        let why = "the checks met an error of Redraft's own; please report it".to_owned();
        return Checked { unheard: vec![why], ..Checked::default() };
    };
    let mut unheard = Vec::new();
    let mut asked: Vec<String> = BUILT_IN.map(str::to_owned).to_vec();
    if let Some(Checkers { suite, path, known }) = checkers {
        let overlay = Overlay { path: path.clone(), ..overlay };
        let heard = suite.check(&overlay, known, &findings).await;
        findings.extend(heard.findings);
        unheard = heard.unheard;
        asked.extend(heard.asked);
        findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    }
    Checked { findings, asked, unheard, mended: None }
}

/// The draft with what its checkers would safely do about it; nothing where they would do nothing, or something elsewhere.
fn mended(proposal: &Proposal, findings: &[Finding]) -> Option<String> {
    let (_, place) = proposal.places();
    let inside = |edit: &Edit| place.start <= edit.range.start && edit.range.end <= place.end;
    let mut edits: Vec<Edit> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.fix.iter().all(inside)) {
        let apart = |edit: &Edit| {
            edits.iter().all(|taken| edit.range.end < taken.range.start || taken.range.end < edit.range.start)
        };
        // Of two that would write to one place, the first is taken; the other may not be needed any more.
        if finding.fix.iter().all(apart) {
            edits.extend(finding.fix.iter().cloned());
        }
    }
    edits.sort_by_key(|edit| edit.range.start);
    let edits: Vec<Edit> = edits
        .into_iter()
        .map(|edit| Edit::new(edit.range.start - place.start..edit.range.end - place.start, edit.text))
        .collect();
    (!edits.is_empty()).then(|| applied(&proposal.draft, &edits))
}

/// Less is better.
fn grade(checked: &Checked) -> (usize, usize) {
    let errors = checked.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    (errors, checked.findings.len())
}

#[cfg(test)]
mod tests;
