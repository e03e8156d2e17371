//! A draft is looked at by everything that looks: the built-in checks, then the checkers of the workspace. What these offer to
//! mend safely is mended without asking the model.

use std::cmp::Reverse;
use std::sync::Arc;

use super::prepare::Tested;
use super::redraft::overlay;
use crate::check::gates::{self, Figures};
use crate::check::suite::{self, Known, Suite};
use crate::check::{Beside, Depth, Finding, Overlay, Severity};
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
    /// Other files as their user has them in the editor.
    pub beside: Beside,
    /// What the draft is to test, if it is one of tests: its file, with what is tested as the draft.
    pub tested: Option<Tested>,
}

/// Looks at a draft. `look` are the built-in checks; it may take its time. `path` is how the project calls the file. Where nothing is
/// wrong, the quality gates are asked, if there are any.
///
/// Dropping the future ends what was started for it.
pub async fn inspect(
    proposal: Proposal,
    path: String,
    look: impl Fn(&Overlay) -> Vec<Finding> + Send + Sync + 'static,
    checkers: Option<Checkers>,
    gates: Option<Figures>,
) -> Checked {
    let look = Arc::new(look);
    let first = looked(proposal.clone(), &path, &look, checkers.as_ref()).await;
    let second = better(&proposal, &first, &path, &look, checkers.as_ref()).await;
    let (proposal, checked) = second.unwrap_or((proposal, first));
    let checked = match checkers.as_ref().and_then(|checkers| Some((checkers, checkers.tested.clone()?))) {
        Some((checkers, tested)) if !is_wrong(&checked.findings) => {
            reached(checked, proposal.clone(), checkers, tested).await
        }
        _ => checked,
    };
    match gates {
        Some(figures) if !is_wrong(&checked.findings) => {
            gated(checked, proposal, path, checkers.as_ref(), figures).await
        }
        _ => checked,
    }
}

/// The draft with what its checkers would do about it, where that is better.
async fn better(
    proposal: &Proposal,
    first: &Checked,
    path: &str,
    look: &Arc<impl Fn(&Overlay) -> Vec<Finding> + Send + Sync + 'static>,
    checkers: Option<&Checkers>,
) -> Option<(Proposal, Checked)> {
    let draft = mended(proposal, &first.findings)?;
    let second = Proposal { draft: draft.clone(), ..proposal.clone() };
    let verify = move || (second.verify(), second);
    let (verified, second) = tokio::task::spawn_blocking(verify).await.ok()?;
    verified.ok()?;
    let again = looked(second.clone(), path, look, checkers).await;
    (grade(&again) < grade(first)).then_some((second, Checked { mended: Some(draft), ..again }))
}

/// What was checked, with how far the tests go that were drafted.
async fn reached(
    mut checked: Checked,
    proposal: Proposal,
    Checkers { suite, path, beside, .. }: &Checkers,
    Tested(tested): Tested,
) -> Checked {
    let path = path.clone();
    let Ok(drafted) = tokio::task::spawn_blocking(move || overlay(&proposal, &path)).await else {
        return checked;
    };
    let tested = Overlay { beside: beside.clone(), ..Overlay::clone(&tested) };
    let heard = suite.reach(&drafted, &tested, &checked.asked).await;
    checked.findings.extend(heard.findings);
    checked.unheard.extend(heard.unheard);
    checked.asked.extend(heard.asked);
    checked.reached.extend(heard.reached);
    checked
}

/// What was checked, with what the quality gates say.
async fn gated(
    mut checked: Checked,
    proposal: Proposal,
    path: String,
    checkers: Option<&Checkers>,
    figures: Figures,
) -> Checked {
    let path = checkers.map_or(path, |checkers| checkers.path.clone());
    let beside = checkers.map_or_else(Arc::default, |checkers| checkers.beside.clone());
    let work = move || {
        let overlay = Overlay { beside, ..overlay(&proposal, &path) };
        (gates::check(&overlay), overlay)
    };
    let Ok((findings, overlay)) = tokio::task::spawn_blocking(work).await else {
        checked.unheard.push("the quality gates met an error of Redraft's own; please report it".to_owned());
        return checked;
    };
    checked.asked.push(gates::SOURCE.to_owned());
    checked.depth = Depth::Gates;
    let holds = !is_wrong(&findings);
    checked.findings.extend(findings);
    match checkers {
        _ if !holds => {}
        Some(Checkers { suite, .. }) => {
            let heard = suite.gate(figures, &overlay, &checked.asked).await;
            // A draft cannot mend what its tests lack; one that they have less to say of would not be better.
            checked.lacking = heard.findings;
            checked.unheard.extend(heard.unheard);
            checked.asked.extend(heard.asked);
        }
        None if suite::is_measured(&overlay) => checked.unheard.push(suite::NO_TESTS.to_owned()),
        None => {}
    }
    checked.findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    checked
}

fn is_wrong(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
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
    let (mut unheard, mut depth) = (Vec::new(), Depth::BuiltIn);
    let mut asked: Vec<String> = BUILT_IN.map(str::to_owned).to_vec();
    if let Some(Checkers { suite, path, known, beside, .. }) = checkers {
        let overlay = Overlay { path: path.clone(), beside: beside.clone(), ..overlay };
        let heard = suite.check(&overlay, known, &findings).await;
        findings.extend(heard.findings);
        (unheard, depth) = (heard.unheard, heard.depth);
        asked.extend(heard.asked);
        findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    }
    Checked { findings, asked, unheard, depth, ..Checked::default() }
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
fn grade(checked: &Checked) -> impl Ord + use<> {
    let errors = checked.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    (Reverse(checked.depth), errors, checked.findings.len())
}

#[cfg(test)]
mod tests;
