//! What becomes of a draft that is whole: it is verified, checked, redrafted while that helps, and the best one stands.

use ropey::Rope;

use super::rounds::{Candidate, Fault, Verdict};
use super::{Checked, Delivery, Effect, Phase, Run, State};
use crate::check::Finding;
use crate::draft::region::{Policy, Region};
use crate::draft::verify::{Proposal, Rejected};
use crate::draft::weave::Time;
use crate::model::Tokens;
use crate::text::diff;
use crate::text::edit::{Edit, apply_all};

impl Run {
    /// Whether the draft that is written now is not the first one.
    pub(super) fn is_redrafting(&self) -> bool {
        self.rounds.as_ref().is_some_and(super::Rounds::is_redrafting)
    }

    /// Whether somebody works for it who is to be told when it ends.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Asking | Phase::Inspecting)
    }

    /// The last look was taken.
    pub(super) fn verified(&mut self, now: Time, verdict: Result<(), Rejected>) -> Vec<Effect> {
        match verdict {
            Ok(()) if self.rounds.is_some() => {
                // Who sees the draft come sees it whole while it is checked; a redraft only once it is better.
                if self.delivery == Delivery::Stream && !self.is_redrafting() {
                    self.weave.stream(0, self.targets[0].clone());
                }
                self.phase = Phase::Inspecting;
                vec![Effect::Check]
            }
            Ok(()) => {
                let candidate = self.candidate(Checked::default());
                self.land(candidate, None)
            }
            // What it quotes of the draft may hold what was put back.
            Err(rejected) => {
                let draft = self.targets.first().cloned();
                self.rejected(now, self.task.secrets.hide(&rejected.to_string()), draft)
            }
        }
    }

    /// The draft in its file as that stands now, without what else of the draft is in it: what is to be checked.
    pub fn to_check(&mut self, document: &Rope) -> Option<Proposal> {
        if self.phase != Phase::Inspecting {
            return None;
        }
        let mut proposal = self.proposal_in(document, &self.targets);
        if let Some((_, block)) = &mut proposal.imports {
            // With what the user has imported meanwhile.
            let region = &self.weave.regions()[1];
            let ops = diff::edits(region.ours(), block);
            *block = region.step(&ops, Policy::Hold).next.text();
        }
        self.inspected = Some(Box::new(proposal.clone()));
        Some(proposal)
    }

    /// What stands in place of the draft, where its user's typing held a part of that back: nobody has looked at it.
    #[must_use]
    pub fn as_it_stands(&self, document: &Rope) -> Option<Proposal> {
        let texts: Vec<String> = self.weave.regions().iter().map(Region::text).collect();
        (!self.rest().is_empty()).then(|| self.proposal_in(document, &texts))
    }

    /// The checks of that are done: it is what the draft is now.
    pub fn stands_with(&mut self, text: &Rope, findings: &[Finding]) {
        let fault = |finding: &Finding| self.fault(text, finding.clone(), None);
        let faults = findings.iter().map(fault).collect();
        let Some(chosen) = &mut self.chosen else { return };
        chosen.faults = faults;
        chosen.unheard =
            vec!["what stands is the draft and what you typed: it had the built-in checks alone".to_owned()];
        if !chosen.faults.is_empty() {
            let held = self.message.take();
            self.message =
                Some(held.into_iter().chain([left_over(&chosen.faults)]).collect::<Vec<_>>().join("; "));
        }
    }

    /// The document as it was before, with what was typed elsewhere meanwhile, and with these texts in the regions.
    fn proposal_in(&self, document: &Rope, texts: &[String]) -> Proposal {
        let mut proposal = self.task.proposal(texts);
        let regions = self.weave.regions();
        let old: Vec<Edit> = sorted(regions.iter().map(|region| Edit::new(region.range(), region.base())));
        let mut text = document.clone();
        self.weave.put_right(&mut text);
        apply_all(&mut text, &old);
        if text != proposal.text {
            // What the user did elsewhere meanwhile may be what the draft needs.
            let start = |index: usize| {
                let own = regions[index].range().start;
                let before = regions.iter().filter(|region| region.range().start < own);
                before.fold(own, |at, region| at + region.base().len() - region.range().len())
            };
            let range = |index: usize| start(index)..start(index) + regions[index].base().len();
            (proposal.text, proposal.tree) = (text, None);
            proposal.region = range(0);
            if let Some((place, _)) = &mut proposal.imports {
                *place = range(1);
            }
        }
        proposal
    }

    /// The checks are done.
    pub(super) fn checked(&mut self, now: Time, checked: Checked) -> Vec<Effect> {
        let (spent, candidate) = (self.spend(), self.candidate(checked));
        let Some(rounds) = &mut self.rounds else { return self.land(candidate, None) };
        let verdict = rounds.checked(now, spent, candidate);
        if let Some(best) = rounds.best().filter(|_| self.delivery == Delivery::Stream) {
            self.weave.stream(0, best.targets[0].clone());
        }
        self.judged(verdict)
    }

    /// The answer is whole, and no draft.
    pub(super) fn rejected(&mut self, now: Time, why: String, draft: Option<String>) -> Vec<Effect> {
        let spent = self.spend();
        match &mut self.rounds {
            None => self.fail(why),
            Some(rounds) => {
                let verdict = rounds.rejected(now, spent, why, draft);
                self.judged(verdict)
            }
        }
    }

    /// The answer is not whole, and cannot become a draft any more.
    pub(super) fn went_astray(&mut self, now: Time) -> Vec<Effect> {
        self.cleaner = None;
        let why = "the draft does not parse, and was stopped at that".to_owned();
        let mut effects = vec![Effect::StopAsking];
        effects.extend(self.rejected(now, why, None));
        effects
    }

    /// There is no answer, and will be none: the best draft of earlier rounds stands, if there is any.
    pub(super) fn missed(&mut self, why: String) -> Vec<Effect> {
        if !self.is_redrafting() {
            return self.fail(why);
        }
        let stop = self.is_waiting().then_some(Effect::StopAsking);
        let Some(rounds) = &mut self.rounds else { return self.fail(why) };
        let why = format!("round {} was not finished: {why}", rounds.round());
        let verdict = rounds.end(Some(why));
        self.cleaner = None;
        stop.into_iter().chain(self.judged(verdict)).collect()
    }

    fn judged(&mut self, verdict: Verdict) -> Vec<Effect> {
        match verdict {
            Verdict::Land(best, why) => self.land(*best, why),
            Verdict::Fail(why) => self.fail(why),
            Verdict::Again(redraft) => {
                self.phase = Phase::Asking;
                let mut effects = self.enter(State::Refining);
                effects.push(Effect::Refine(redraft));
                effects
            }
        }
    }

    /// The draft that is to stand is put in.
    fn land(&mut self, mut best: Candidate, why: Option<String>) -> Vec<Effect> {
        let lacking = std::mem::take(&mut best.lacking);
        best.faults.extend(lacking);
        self.targets.clone_from(&best.targets);
        let effects = self.last_lines();
        let mut targets = self.targets.clone();
        if let Some(imports) = targets.get_mut(1).filter(|_| !self.weave.takes(0, &self.targets[0])) {
            // The user wrote where the draft would go: without it, nobody needs its imports.
            self.weave.regions()[1].base().clone_into(imports);
        }
        self.weave.finish(targets);
        self.phase = Phase::Landing;
        let mut parts: Vec<String> = best.note.iter().cloned().collect();
        if !best.faults.is_empty() {
            parts.push(left_over(&best.faults));
            parts.extend(why);
        }
        parts.extend(best.reached.iter().cloned());
        parts.extend(best.unheard.iter().map(|why| format!("not checked: {why}")));
        self.message = (!parts.is_empty()).then(|| self.task.secrets.hide(&parts.join("; ")));
        self.chosen = Some(best);
        effects
    }

    fn candidate(&mut self, checked: Checked) -> Candidate {
        let mut targets = self.targets.clone();
        if let Some(mended) = checked.mended {
            if let Some(proposal) = &mut self.inspected {
                proposal.draft.clone_from(&mended);
            }
            targets[0] = mended;
        }
        let count = checked.findings.len();
        let mut faults = self.located(checked.findings.into_iter().chain(checked.lacking).collect());
        let lacking = faults.split_off(count.min(faults.len()));
        Candidate {
            targets,
            faults,
            lacking,
            depth: checked.depth,
            reached: checked.reached,
            asked: checked.asked,
            unheard: checked.unheard,
            note: self.message.clone(),
            round: self.round(),
        }
    }

    /// What was found, by the regions of the draft that was looked at.
    fn located(&mut self, findings: Vec<Finding>) -> Vec<Fault> {
        let Some(proposal) = self.inspected.take() else { return Vec::new() };
        let text = if findings.is_empty() { Rope::new() } else { proposal.drafted_text() };
        let (imports, draft) = proposal.places();
        let places = std::iter::once(draft).chain(imports);
        let place = |finding: &Finding| {
            let mut places = places.clone().enumerate();
            places.find(|(_, place)| place.start <= finding.range.start && finding.range.end <= place.end)
        };
        findings
            .into_iter()
            .map(|finding| {
                let place = place(&finding);
                // What is about the whole draft is about none of its lines.
                let is_whole = place.as_ref().is_some_and(|(_, place)| *place == finding.range);
                let mut fault = self.fault(&text, finding, place.as_ref().map(|(index, _)| *index));
                if is_whole {
                    fault.line.clear();
                }
                if let Some((_, place)) = &place {
                    let range = &mut fault.finding.range;
                    *range = range.start - place.start..range.end - place.start;
                }
                fault
            })
            .collect()
    }

    /// A finding and its line in `text`. What either quotes of the draft may hold what was put back, and is cut later.
    fn fault(&self, text: &Rope, finding: Finding, region: Option<usize>) -> Fault {
        let line = text.line(text.byte_to_line(finding.range.start.min(text.len_bytes()))).to_string();
        let hide = |text: &str| self.task.secrets.hide(text);
        Fault {
            line: hide(line.trim()),
            finding: Finding { message: hide(&finding.message), ..finding },
            region,
        }
    }

    /// The tokens of all rounds, with those of the answer that is over.
    fn spend(&mut self) -> Tokens {
        let prompt = self.answer.as_ref().filter(|_| self.is_whole).map_or(0, |answer| answer.usage.prompt.0);
        let written = self.in_round().0;
        self.earlier = Tokens(self.earlier.0.saturating_add(written));
        self.spent = Tokens(self.spent.0.saturating_add(prompt).saturating_add(written));
        (self.is_whole, self.written) = (false, 0);
        self.spent
    }
}

fn sorted(edits: impl Iterator<Item = Edit>) -> Vec<Edit> {
    let mut edits: Vec<Edit> = edits.collect();
    edits.sort_by_key(|edit| edit.range.start);
    edits
}

/// What is left, in one line.
fn left_over(faults: &[Fault]) -> String {
    let first = faults.first().map_or("", |first| first.finding.message.lines().next().unwrap_or_default());
    match faults.len() {
        1 => format!("left over: {first}"),
        count => format!("left over: {count} findings, the first: {first}"),
    }
}
