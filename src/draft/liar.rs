//! A model of an editor that lies, for tests: it drops stale edits and answers that it applied them, refuses, delays,
//! applies what it should have refused, merges our echo with its user's typing, and never answers.

mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use ropey::Rope;

use crate::draft::region::Region;
use crate::draft::weave::{Next, Weave};
use crate::text::edit::{Edit, apply_all, sequential};
use crate::text::position::{Encoding, to_offset, to_position};

/// A client gathers changes for so long at most before it tells them.
const TELLS_WITHIN: Duration = Duration::from_secs(1);

/// What the client does with one edit of ours.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    /// Checks the version; tells the truth.
    Honest,
    /// Checks the version; answers `applied: true` whatever happened (Neovim).
    Liar,
    /// Drops it and says nothing.
    Silent,
    /// Drops it and answers `applied: true`, though nothing was typed.
    Drops,
    /// Refuses it.
    Refuses,
    /// Applies it whatever the version (a range of another text).
    Careless,
    /// Applies it and never answers (Vim with ALE).
    Mute,
    /// Applies it after its time, when it counts as lost.
    Late,
    /// Looks at it only once it thaws.
    Frozen,
}

/// How a run is over, though its client has not looked at all that it was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// Its user stopped it: what stood then stays.
    Stopped,
    /// It failed: what was there comes back.
    Failed,
    /// The draft stands.
    Done,
}

#[derive(Clone, Debug)]
enum Step {
    /// The user types this at this place of the document.
    Type(usize, String),
    /// The user deletes one character outside the regions.
    Delete(usize),
    /// The next line of the answer comes.
    Line(String),
    /// The client handles what it was sent, in this manner.
    Handle(Manner),
    /// The client tells its changes.
    Tell,
    /// So much time passes.
    Pass(u64),
    /// The client looks at what it was sent while it was frozen.
    Thaw,
}

struct World {
    now: Duration,
    weave: Weave,
    shadow: Rope,
    client: Rope,
    /// Changes that the client has made and not told, with the text after each.
    untold: Vec<(Vec<Edit>, Rope)>,
    untold_since: Option<Duration>,
    tells_within: Duration,
    /// The document of the last change that was told: the version we know.
    inbox: VecDeque<(u64, Vec<Edit>, Rope)>,
    late: Vec<(Vec<Edit>, Rope)>,
    frozen: Vec<(u64, Vec<Edit>, Rope)>,
    end: Option<End>,
    /// The end is reached: nothing goes on.
    at_rest: bool,
    /// What was sent after its end.
    sent_at_rest: String,
    typed: String,
    deleted: usize,
    target: String,
    gave_up: bool,
    /// Tells all that changed in a while as one range, but checks versions (Neovim); else tells changes one by one, but may take a
    /// stale edit (VS Code before mid-2026). Both at once leaves what cannot be told apart.
    merges: bool,
}

impl World {
    fn new(before: &str, base: &str, after: &str) -> Self {
        let document = Rope::from_str(&format!("{before}{base}{after}"));
        Self {
            now: Duration::from_secs(1),
            weave: Weave::new(vec![Region::new(before.len(), base)]),
            shadow: document.clone(),
            client: document,
            untold: Vec::new(),
            untold_since: None,
            tells_within: TELLS_WITHIN,
            inbox: VecDeque::new(),
            late: Vec::new(),
            frozen: Vec::new(),
            end: None,
            at_rest: false,
            sent_at_rest: String::new(),
            typed: String::new(),
            deleted: 0,
            target: String::new(),
            gave_up: false,
            merges: false,
        }
    }

    fn client_changes(&mut self, edits: &[Edit]) {
        apply_all(&mut self.client, edits);
        self.untold.push((sequential(edits), self.client.clone()));
        self.untold_since.get_or_insert(self.now);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Type(at, text) => {
                let at = at % (self.client.len_bytes() + 1);
                self.typed.push_str(&text);
                self.client_changes(&[Edit::new(at..at, text)]);
            }
            Step::Delete(at) => {
                let places: Vec<usize> =
                    (0..self.client.len_bytes()).filter(|&i| self.client.byte(i) == b'0').collect();
                if let Some(&at) = places.get(at % places.len().max(1)) {
                    self.deleted += 1;
                    self.client_changes(&[Edit::new(at..at + 1, "")]);
                }
            }
            Step::Line(_) if self.end.is_some() => {}
            Step::Line(line) => {
                // Every line is another: which of two equal lines is whose cannot be told.
                let index = u8::try_from(self.target.lines().count()).unwrap();
                self.target.push_str(&format!(
                    "{line}{}{}\n",
                    char::from(b'g' + index / 20),
                    char::from(b'g' + index % 20)
                ));
                if !self.gave_up {
                    self.weave.stream(0, self.target.clone());
                }
            }
            Step::Handle(manner) => self.handle(manner),
            Step::Tell => self.tell(self.merges),
            Step::Pass(millis) => {
                self.now += Duration::from_millis(millis);
                if self.untold_since.is_some_and(|since| self.now >= since + self.tells_within) {
                    self.tell(self.merges);
                }
            }
            Step::Thaw => self.thaw(),
        }
        self.poll();
    }

    fn poll(&mut self) {
        match self.weave.poll(self.now, &self.shadow) {
            Next::Send { id, edits } => {
                for pair in edits.windows(2) {
                    assert!(pair[0].range.end <= pair[1].range.start, "sorted and disjoint: {edits:?}");
                }
                if self.end == Some(End::Stopped) {
                    self.sent_at_rest.extend(edits.iter().map(|edit| edit.text.as_str()));
                }
                self.inbox.push_back((id, edits, self.shadow.clone()));
            }
            Next::GaveUp => {
                self.gave_up = true;
                self.ends(End::Failed);
            }
            Next::Settled if self.end.is_some() => {
                self.weave.stop();
                self.at_rest = true;
            }
            Next::Wait(_) | Next::Settled => {}
        }
    }

    /// What the owner of a weave does when its run ends.
    fn ends(&mut self, end: End) {
        self.at_rest = false;
        match end {
            End::Stopped => self.weave.stop(),
            End::Failed => self.weave.revert(),
            End::Done => self.weave.finish(vec![self.target.clone()]),
        }
        self.end = Some(end);
    }

    fn thaw(&mut self) {
        for (id, edits, known) in std::mem::take(&mut self.frozen) {
            let current = known == self.client && self.untold.is_empty();
            if current {
                self.client_changes(&edits);
            }
            self.weave.answered(self.now, id, current);
        }
    }

    fn land_late(&mut self) {
        for (edits, known) in std::mem::take(&mut self.late) {
            let edits = moved(&edits, &known, &self.client);
            self.client_changes(&edits);
        }
    }

    fn handle(&mut self, manner: Manner) {
        self.land_late();
        let Some((id, edits, known)) = self.inbox.pop_front() else { return };
        let current = known == self.client && self.untold.is_empty();
        let (applied, answer) = match manner {
            Manner::Frozen => {
                self.frozen.push((id, edits, known));
                return;
            }
            Manner::Honest => (current, Some(current)),
            Manner::Liar => (current, Some(true)),
            Manner::Silent => (false, None),
            Manner::Drops => (false, Some(true)),
            Manner::Refuses => (false, Some(false)),
            Manner::Careless | Manner::Late if self.merges => (current, Some(true)),
            Manner::Careless => (true, Some(true)),
            Manner::Mute => (current, None),
            Manner::Late => {
                if current {
                    self.late.push((edits.clone(), known.clone()));
                }
                (false, None)
            }
        };
        if applied {
            let edits = moved(&edits, &known, &self.client);
            self.client_changes(&edits);
        }
        if let Some(answer) = answer {
            self.weave.answered(self.now, id, answer);
        }
    }

    fn tell(&mut self, merged: bool) {
        let untold = std::mem::take(&mut self.untold);
        self.untold_since = None;
        if merged {
            // One range from the first to the last byte that differ, as Neovim has it.
            let (old, new) = (self.shadow.to_string(), self.client.to_string());
            if old != new {
                let head = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
                let tail = old[head..]
                    .bytes()
                    .rev()
                    .zip(new[head..].bytes().rev())
                    .take_while(|(a, b)| a == b)
                    .count();
                let edit = Edit::new(head..old.len() - tail, &new[head..new.len() - tail]);
                self.hear(&[edit], self.client.clone());
            }
        } else {
            for (edits, after) in untold {
                self.hear(&edits, after);
                self.poll();
            }
        }
    }

    fn hear(&mut self, edits: &[Edit], after: Rope) {
        let before = std::mem::replace(&mut self.shadow, after);
        self.weave.changed(self.now, edits, &before, &self.shadow);
        if self.at_rest && self.end == Some(End::Failed) && self.weave.heard_ours() {
            self.ends(End::Failed);
        }
    }

    /// An honest client and a quiet user, until nothing is left to do.
    fn settle(&mut self) {
        if self.end.is_none() {
            self.weave.finish(vec![self.target.clone()]);
        }
        for round in 0..64 {
            self.tell(false);
            self.land_late();
            self.tell(false);
            // Once what was sent and told is over: long enough for what was never answered.
            self.now += Duration::from_secs(if (8..16).contains(&round) { 600 } else { 3 });
            self.poll();
            while !self.inbox.is_empty() {
                self.handle(Manner::Honest);
            }
            self.tell(false);
        }
        self.now += Duration::from_secs(3);
        let next = self.weave.poll(self.now, &self.shadow);
        assert!(next == Next::Settled, "at rest: {next:?}");
    }

    /// What must hold at rest whatever happened.
    fn check(&self, before: &str, after: &str) {
        let document = self.client.to_string();
        assert_eq!(self.shadow, self.client, "the shadow is the editor's buffer");
        let letters = |text: &str| text.chars().filter(char::is_ascii_uppercase).count();
        assert_eq!(
            letters(&document),
            letters(&self.typed),
            "all that the user typed is there: {document:?}"
        );
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let zeros = |text: &str| text.chars().filter(|&ch| ch == '0').count();
        // More may be left where the user deleted into what a stale edit had taken and we brought back.
        let left = zeros(&document) + self.deleted;
        assert!(left >= zeros(before) + zeros(after), "nothing outside is lost: {document:?}");
        assert!(!self.merges || left == zeros(before) + zeros(after), "nor comes back: {document:?}");
        let others = |text: &str| digits(text).replace('0', "");
        assert_eq!(
            others(&document),
            others(&format!("{before}{after}")),
            "what stands outside is in order: {document:?}"
        );
        let region = &self.weave.regions()[0];
        let range = region.range();
        assert_eq!(document[range.clone()], region.text(), "the region tells what stands in the document");
        let outside = format!("{}{}", &document[..range.start], &document[range.end..]);
        assert!(
            !outside.contains(|ch: char| ch.is_ascii_lowercase()),
            "nothing of ours stands outside: {document:?}"
        );
        if self.end == Some(End::Failed) {
            assert_eq!(region.ours(), region.base(), "what was there is there again: {document:?}");
        }
        if self.end.is_none_or(|end| end == End::Done) {
            let ours: String = region.text().chars().filter(|ch| !ch.is_ascii_uppercase()).collect();
            let held = !self.weave.rest().is_empty() && region.ours() != self.target;
            assert!(held || ours == self.target, "the draft is whole: {ours:?} of {:?}", self.target);
        }
    }
}

/// Edits of `known` as a client applies them to `current`: by lines and columns.
fn moved(edits: &[Edit], known: &Rope, current: &Rope) -> Vec<Edit> {
    let at = |offset| to_offset(current, to_position(known, offset, Encoding::Utf16), Encoding::Utf16);
    edits.iter().map(|edit| Edit::new(at(edit.range.start)..at(edit.range.end), edit.text.clone())).collect()
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        4 => Just(Manner::Honest),
        4 => Just(Manner::Liar),
        1 => Just(Manner::Silent),
        1 => Just(Manner::Drops),
        1 => Just(Manner::Refuses),
        2 => Just(Manner::Careless),
        1 => Just(Manner::Mute),
        1 => Just(Manner::Late),
        1 => Just(Manner::Frozen),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0usize..60, "[A-Z]{1,3}").prop_map(|(at, text)| Step::Type(at, text)),
        1 => (0usize..9).prop_map(Step::Delete),
        4 => "[a-z]{3,12}".prop_map(Step::Line),
        4 => manner().prop_map(Step::Handle),
        3 => Just(Step::Tell),
        3 => (1u64..700).prop_map(Step::Pass),
        1 => Just(Step::Thaw),
    ]
}
