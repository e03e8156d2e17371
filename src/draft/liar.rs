//! A model of an editor that lies, for tests: it drops stale edits and answers that it applied them, refuses, delays,
//! applies what it should have refused, merges our echo with its user's typing, and never answers.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use ropey::Rope;

use crate::draft::region::Region;
use crate::draft::weave::{Heard, Next, Weave};
use crate::text::diff;
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

proptest! {
    /// Random typing above, below and inside the region against a client in every manner.
    #[test]
    fn no_client_makes_us_lose_text(steps in proptest::collection::vec(step(), 0..60), base in "(|old\n|old\nlines\nstand\n)", merges in any::<bool>()) {
        let (before, after) = ("10203\n", "40506\n0");
        let mut world = World::new(before, &base, after);
        world.merges = merges;
        for step in steps {
            world.step(step);
        }
        world.thaw();
        world.settle();
        world.check(before, after);
    }

    /// After an error everything is as it was, but for what the user typed. (A client that merges tells a letter of ours
    /// between two of the user's as the user's.)
    #[test]
    fn a_revert_leaves_what_the_user_typed(steps in proptest::collection::vec(step(), 0..60), base in "(|old\n|old\nlines\nstand\n)") {
        let (before, after) = ("10203\n", "40506\n0");
        let mut world = World::new(before, &base, after);
        for step in steps {
            world.step(step);
        }
        world.thaw();
        world.target = base.clone();
        world.settle();
        world.ends(End::Failed);
        world.settle();
        world.check(before, after);
        let plain: String = world.client.chars().filter(|ch| !ch.is_ascii_uppercase() && *ch != '0').collect();
        if !world.gave_up {
            prop_assert_eq!(plain, format!("123\n{base}456\n"));
        }
    }
}

proptest! {
    /// A run is over, and its client wakes up later: after a stop nothing of the draft is sent, and what lands is the part that
    /// stands; what landed of a run that failed is taken back; what landed in the wrong place is put right.
    #[test]
    fn what_lands_late_is_taken_back_or_accounted_for(
        steps in proptest::collection::vec(step(), 0..40),
        end in prop_oneof![Just(End::Stopped), Just(End::Failed), Just(End::Done)],
        after in proptest::collection::vec(step(), 0..30),
        base in "(|old\n|old\nlines\nstand\n)",
        merges in any::<bool>(),
    ) {
        let (before, behind) = ("10203\n", "40506\n0");
        let mut world = World::new(before, &base, behind);
        world.merges = merges;
        for step in steps {
            world.step(step);
        }
        if world.end.is_none() {
            world.ends(end);
        }
        for step in after {
            world.step(step);
        }
        world.thaw();
        world.settle();
        world.check(before, behind);
        if base.is_empty() {
            prop_assert!(
                !world.sent_at_rest.contains(|ch: char| ch.is_ascii_lowercase()),
                "sent after the stop: {:?}",
                world.sent_at_rest
            );
        }
    }
}

/// A world with one line of answer in flight.
fn asked() -> World {
    let mut world = World::new("1\n", "pass\n", "2\n");
    world.step(Step::Line("first".to_owned()));
    assert_eq!(world.inbox.len(), 1, "the first line leaves at once");
    world
}

#[test]
fn a_true_answer_without_an_echo_is_not_believed() {
    let mut world = asked();
    world.step(Step::Type(0, "X".to_owned()));
    world.step(Step::Handle(Manner::Liar));
    world.step(Step::Tell);
    assert!(world.inbox.is_empty() && world.weave.in_flight(), "it waits for the echo");
    world.step(Step::Pass(400));
    assert_eq!(world.inbox.len(), 1, "and sends again, rebased");
    world.step(Step::Handle(Manner::Honest));
    world.step(Step::Tell);
    assert!(world.client.to_string().starts_with("X1\nfirstgg\n"), "{}", world.client);
}

/// Emacs' eglot asks its user first, or tells what it did once its user pauses: each edit that is sent meanwhile would be
/// one more question, or land twice.
#[test]
fn an_edit_that_nothing_says_was_dropped_is_not_sent_again() {
    for answers_first in [true, false] {
        let mut world = asked();
        world.tells_within = Duration::from_secs(600);
        if answers_first {
            world.step(Step::Handle(Manner::Honest));
        }
        for _ in 0..60 {
            world.step(Step::Pass(5_000));
            assert!(world.weave.in_flight() && world.inbox.len() == usize::from(!answers_first));
        }
        world.step(Step::Handle(Manner::Honest));
        world.step(Step::Tell);
        assert_eq!(world.client, "1\nfirstgg\n2\n");
        world.settle();
        assert_eq!(world.client, "1\nfirstgg\n2\n");
    }
}

#[test]
fn an_edit_that_was_dropped_is_sent_again_once_the_user_types_on() {
    for (manner, by_typing) in
        [(Manner::Silent, true), (Manner::Silent, false), (Manner::Drops, true), (Manner::Drops, false)]
    {
        let mut world = asked();
        world.step(Step::Handle(manner));
        if by_typing {
            world.step(Step::Type(0, "X".to_owned()));
            world.step(Step::Tell);
            world.step(Step::Pass(400));
        } else {
            world.step(Step::Pass(600_000));
        }
        assert_eq!(world.inbox.len(), 1);
        world.step(Step::Handle(Manner::Honest));
        world.step(Step::Tell);
        assert!(world.client.to_string().ends_with("1\nfirstgg\n2\n"), "{}", world.client);
    }
}

#[test]
fn one_edit_is_in_flight_and_later_lines_merge() {
    let mut world = asked();
    for line in ["second", "third"] {
        world.step(Step::Line(line.to_owned()));
    }
    assert_eq!(world.inbox.len(), 1);
    world.step(Step::Handle(Manner::Honest));
    world.step(Step::Pass(100));
    world.step(Step::Tell);
    world.step(Step::Pass(200));
    assert_eq!(world.inbox.len(), 1);
    assert_eq!(diff::size(&world.inbox[0].1), "secondgh\nthirdgi\n".len());
}

#[test]
fn an_undo_is_told_apart_from_typing() {
    for (undo, expected) in [(true, Heard::Undone), (false, Heard::Inside)] {
        let mut world = asked();
        let undone = world.client.clone();
        world.step(Step::Handle(Manner::Honest));
        world.step(Step::Tell);
        let before = world.client.clone();
        let mut after = before.clone();
        Edit::new(4..5, "").apply(&mut after);
        let after = if undo { undone } else { after };
        let edits = diff::edits(&before.to_string(), &after.to_string());
        assert_eq!(world.weave.changed(world.now, &edits, &before, &after), expected);
    }
}

#[test]
fn edits_wait_for_quiet_and_for_saves() {
    let mut world = asked();
    world.step(Step::Handle(Manner::Honest));
    world.step(Step::Tell);
    world.weave.saving(world.now);
    world.step(Step::Line("second".to_owned()));
    world.step(Step::Pass(500));
    assert!(world.inbox.is_empty(), "nothing between willSave and didSave");
    world.weave.saved(world.now);
    world.step(Step::Pass(50));
    assert!(world.inbox.is_empty(), "nor just after");
    world.step(Step::Pass(60));
    assert_eq!(world.inbox.len(), 1);
}

#[test]
fn a_client_that_never_takes_our_edits_is_given_up() {
    let mut world = asked();
    for _ in 0..20 {
        world.step(Step::Handle(Manner::Refuses));
        world.step(Step::Pass(2_000));
    }
    assert!(world.gave_up);
    assert_eq!(world.client, "1\npass\n2\n");
}

/// Neovim does not check the version that didOpen gave, and tells late and in one: typing, and our edit, as it was sent, on
/// top of that.
#[test]
fn a_stale_edit_that_neovim_took_is_taken_back_and_sent_again() {
    let mut world = World::new("def f():\n", "", "rest\n");
    world.step(Step::Line("    return".to_owned()));
    world.step(Step::Type(0, "# TYPED\n".to_owned()));
    world.step(Step::Handle(Manner::Careless));
    assert!(world.client.to_string().starts_with("# TYPED\n    returngg\ndef f"), "{}", world.client);
    world.merges = true;
    world.step(Step::Tell);
    world.settle();
    assert_eq!(world.client, "# TYPED\ndef f():\n    returngg\nrest\n");
}

/// The same with an edit that deletes, told as Neovim tells it: the user's change and ours, both in one notification.
#[test]
fn a_stale_deletion_is_taken_back_where_it_is_told_apart() {
    let mut world = World::new("def f():\n", "    pass\n", "rest\n");
    world.target = "    return 1\n".to_owned();
    world.weave.finish(vec![world.target.clone()]);
    world.poll();
    world.step(Step::Type(0, "# TYPED\n".to_owned()));
    world.step(Step::Handle(Manner::Careless));
    assert_eq!(world.client, "# TYPED\ndef return 1\n    pass\nrest\n", "it took the wrong text away");
    let edits: Vec<Edit> = world.untold.drain(..).flat_map(|(edits, _)| edits).collect();
    let after = world.client.clone();
    world.hear(&edits, after);
    world.settle();
    assert_eq!(world.client, "# TYPED\ndef f():\n    return 1\nrest\n");
}

/// Emacs' eglot (1.17) counts a version when it tells: it takes what comes for the last one that it told, though its user has
/// typed since, and tells both as one range. (Where our edit takes away what was never told, nobody can bring it back.)
fn typed_on_a_careless_client_that_merges(above: usize, below: usize, base: &str, answer: &str) {
    let (head, tail) = ("# head\ndef f():\n    \"\"\"Text of some length.\"\"\"\n", "# tail\nrest\nmore\n");
    let mut world = World::new(head, base, tail);
    world.target = answer.to_owned();
    world.weave.finish(vec![world.target.clone()]);
    world.poll();
    world.step(Step::Type(0, "# ABOVE\n".repeat(above)));
    let end = world.client.len_bytes();
    world.step(Step::Type(end, "# BELOW\n".repeat(below)));
    world.step(Step::Handle(Manner::Careless));
    world.merges = true;
    world.step(Step::Tell);
    world.settle();
    let (above, below) = ("# ABOVE\n".repeat(above), "# BELOW\n".repeat(below));
    assert_eq!(world.client, format!("{above}{head}{answer}{tail}{below}"), "{base:?} {answer:?}");
}

#[test]
fn a_stale_replacement_is_taken_back_though_it_was_told_together_with_typing() {
    for (above, below) in [(1, 0), (0, 1), (1, 1), (2, 0), (2, 1), (3, 3), (0, 0)] {
        for base in ["    raise NotImplementedError\n", "    pass\n", "    x = 1\n    pass\n"] {
            for answer in [
                "    result = 0\n    return result\n",
                "    return 1\n",
                "    raise Other\n    # two\n    x = 2\n",
            ] {
                typed_on_a_careless_client_that_merges(above, below, base, answer);
            }
        }
    }
}
