//! What is chosen for a target, why, in which order, within which budget.

mod languages;

use proptest::prelude::*;

use super::*;
use crate::workspace::Index;
use crate::workspace::fixture::Workspace;
use crate::workspace::index::{Known, Update};

/// The context of the function around the cursor.
fn gathered(workspace: &Workspace, index: &Index, hint: &str, recent: &[String], budget: u32) -> Context {
    let (text, focus, region) = workspace.place();
    let view = workspace.view_of(index);
    gather(&view, &Ask { text: &text, focus: &focus, region: &region, hint, recent, budget, least: 0.0 })
}

fn explained(workspace: &Workspace, hint: &str, recent: &[String]) -> Vec<Explained> {
    explained_in(workspace, &workspace.index, hint, recent)
}

fn explained_in(workspace: &Workspace, index: &Index, hint: &str, recent: &[String]) -> Vec<Explained> {
    let (text, focus, region) = workspace.place();
    let view = workspace.view_of(index);
    explain(
        &view,
        &Ask { text: &text, focus: &focus, region: &region, hint, recent, budget: 1_000, least: 0.0 },
    )
}

/// Each candidate's reason: `name` of the own file, `path:name` of another one.
fn check(fixture: &str, wanted: &[(&str, Option<Reason>)]) {
    let workspace = Workspace::new(fixture);
    let all = explained(&workspace, "", &[]);
    for (name, want) in wanted {
        let found = all.iter().find(|one| match name.split_once(':') {
            Some((path, name)) => one.path == path && one.name == name,
            None => one.path == workspace.path && one.name == *name,
        });
        assert_eq!(found.map(|one| one.reason), *want, "{name} in\n{fixture}");
    }
}

#[test]
fn the_class_around_its_bases_and_their_members() {
    check(
        "//- a.py\nfrom b import Base\nclass A(Base):\n    def f(self):\n        $0pass\n    def g(self): pass\n    K = 1\n    class In: pass\ndef h(): pass\n//- b.py\nfrom c import Root\nclass Base(Root):\n    def i(self): pass\n    def f(self): pass\nclass Other: pass\n//- c.py\nclass Root:\n    def r(self): pass\n//- d.py\nclass Far:\n    def far(self): pass\n",
        &[
            ("A", Some(Reason::EnclosingClass)),
            ("A.g", Some(Reason::Member)),
            ("A.K", Some(Reason::Member)),
            ("A.f", None),
            ("b.py:Base", Some(Reason::Base)),
            ("b.py:Base.i", Some(Reason::Inherited)),
            ("b.py:Base.f", Some(Reason::Inherited)),
            ("c.py:Root", Some(Reason::Base)),
            ("c.py:Root.r", Some(Reason::Inherited)),
            ("b.py:Other", Some(Reason::SameModule)),
            ("h", Some(Reason::SameFile)),
            // Nothing of what is in a file beside, but for its module's level.
            ("d.py:Far.far", None),
        ],
    );
}

#[test]
fn types_of_the_signature_and_of_attributes() {
    check(
        "//- p/a.py\nfrom m.t import Request, Pool, Answer, Item\nclass A:\n    item: Item\n    def __init__(self, pool: Pool): self.pool = pool\n    def f(self, r: 'Optional[Request]', n: int) -> Answer:\n        $0pass\n//- m/t.py\nclass Root:\n    def deep(self): pass\nclass Request(Root):\n    def get(self): pass\nclass Pool:\n    def take(self): pass\nclass Answer:\n    def close(self): pass\nclass Item: pass\nclass Unnamed:\n    def u(self): pass\n",
        &[
            ("m/t.py:Request", Some(Reason::Type)),
            ("m/t.py:Request.get", Some(Reason::MemberOfType)),
            ("m/t.py:Root.deep", Some(Reason::MemberOfType)),
            ("m/t.py:Answer", Some(Reason::Type)),
            ("m/t.py:Pool", Some(Reason::Type)),
            ("m/t.py:Pool.take", Some(Reason::MemberOfType)),
            ("m/t.py:Item", Some(Reason::Type)),
            ("m/t.py:Unnamed", Some(Reason::SameModule)),
            ("m/t.py:Unnamed.u", None),
        ],
    );
}

#[test]
fn imports_and_what_is_in_them() {
    check(
        "//- p/a.py\nimport m.n as mod\nfrom m.k import C, LIMIT\nfrom m.s import *\nimport gone\ndef f():\n    $0pass\n//- m/n.py\ndef inside(): pass\nclass K:\n    def deep(self): pass\n//- m/k.py\nLIMIT = 1\nclass C:\n    def c(self): pass\ndef beside(): pass\n//- m/s.py\ndef starred(): pass\n//- m/o.py\ndef other(): pass\n",
        &[
            ("m/n.py:inside", Some(Reason::MemberOfImported)),
            ("m/n.py:K.deep", None),
            ("m/k.py:C", Some(Reason::Imported)),
            ("m/k.py:LIMIT", Some(Reason::Imported)),
            ("m/k.py:C.c", Some(Reason::MemberOfImported)),
            ("m/k.py:beside", Some(Reason::SameModule)),
            ("m/s.py:starred", Some(Reason::MemberOfImported)),
            ("m/o.py:other", None),
        ],
    );
}

#[test]
fn mentions_words_and_neighbours() {
    check(
        "//- p/a.py\ndef load_settings():\n    \"\"\"Read by `parse_it`, once.\"\"\"\n    $0pass\n//- q/b.py\ndef parse_it(): pass\ndef settings_path(): pass\ndef unrelated(): pass\ndef shout():\n    '''The settings, loud.'''\n//- p/c.py\nfrom r.d import popular\n//- r/d.py\ndef popular(): pass\ndef lonely(): pass\n",
        &[
            ("q/b.py:parse_it", Some(Reason::Mentioned)),
            ("q/b.py:settings_path", Some(Reason::Words)),
            ("q/b.py:shout", Some(Reason::Words)),
            ("q/b.py:unrelated", None),
            ("r/d.py:popular", Some(Reason::Neighbours)),
            ("r/d.py:lonely", None),
        ],
    );
}

#[test]
fn callers_and_tests_of_the_target() {
    check(
        "//- p/a.py\ndef load(path):\n    $0pass\ndef uses():\n    return load(1)\ndef ignores(): pass\n//- p/b.py\nfrom .a import load\nx = load(2)\nclass B:\n    def run(self):\n        return load(3)\n    def rest(self): pass\n//- tests/test_a.py\nfrom p.a import load\ndef test_it():\n    assert load(4)\ndef test_else(): pass\n//- q/c.py\n# load\ndef far(): return 'load'\n",
        &[
            ("uses", Some(Reason::Caller)),
            ("ignores", Some(Reason::SameFile)),
            ("p/b.py:B.run", Some(Reason::Caller)),
            ("p/b.py:B.rest", None),
            ("tests/test_a.py:test_it", Some(Reason::Caller)),
            ("tests/test_a.py:test_else", None),
            ("q/c.py:far", None),
        ],
    );
}

#[test]
fn implementations_beside_the_target() {
    check(
        "//- p/a.py\nfrom m.base import Store\nclass Mine(Store):\n    def save(self):\n        $0pass\n//- m/base.py\nclass Store:\n    def save(self): raise NotImplementedError\n//- q/sql.py\nfrom m.base import Store\nclass Sql(Store):\n    def save(self): pass\n    def other(self): pass\n//- q/no.py\nclass Store: pass\nclass No(Store):\n    def save(self): pass\n",
        &[
            ("q/sql.py:Sql.save", Some(Reason::Implementation)),
            ("q/sql.py:Sql.other", None),
            ("m/base.py:Store.save", Some(Reason::Inherited)),
        ],
    );
    // Another class of the base's name is no base.
    let workspace = Workspace::new(
        "//- p/a.py\nfrom m.base import Store\nclass Mine(Store):\n    def zap(self):\n        $0pass\n//- m/base.py\nclass Store:\n    def zap(self): pass\n//- q/no.py\nclass Store: pass\nclass No(Store):\n    def zap(self): pass\n",
    );
    let found = explained(&workspace, "", &[]).into_iter().find(|one| one.name == "No.zap");
    assert!(found.is_none_or(|one| one.evidence.overrides == 0.0));
}

#[test]
fn recent_files_and_hints() {
    let workspace = Workspace::new(
        "//- p/a.py\ndef f():\n    $0pass\n//- q/b.py\ndef one(): pass\n//- r/c.py\ndef two(): pass\n",
    );
    let names = |hint, recent: &[String]| -> Vec<(String, Reason)> {
        explained(&workspace, hint, recent).into_iter().map(|one| (one.name, one.reason)).collect()
    };
    assert_eq!(names("", &[]), []);
    assert_eq!(names("", &["q/b.py".into(), "gone.py".into()]), [("one".into(), Reason::Recent)]);
    assert_eq!(names("call two", &[]), [("two".into(), Reason::Mentioned)]);
    // It is little: what the hint asks for goes before it.
    assert_eq!(names("call two", &["q/b.py".into()])[0], ("two".into(), Reason::Mentioned));
}

const PROJECT: &str = "//- p/a.py\nimport os\nfrom flask import Flask, jsonify\nfrom .b import Base, helper\nclass Store(Base):\n    \"\"\"Keeps things.\n\n    Long.\n    \"\"\"\n    unit = 'kg'\n    @property\n    def size(self) -> int:\n        return 1\n    def load(\n        self,\n        app: Flask,  # the app\n        other: 'Other' = None,\n    ) -> Base:\n        \"\"\"Load with `helper`.\"\"\"\n        $0pass\n@dataclass\nclass Other:\n    \"\"\"Another.\"\"\"\n    x: int = 1\n    def run(\n        self,\n        times,\n    ):\n        return self.x * times\n//- p/b.py\nclass Base:\n    '''A base.'''\n    def close(self):\n        \"\"\"Close it.\n\n        At once.\n        \"\"\"\n        if self:\n            return 1\n\n        return 2\ndef helper(a: int) -> str:\n    '''Help.'''\n    return str(a)\n";

#[test]
fn signatures_docstrings_and_small_bodies_are_shown() {
    let workspace = Workspace::new(PROJECT);
    let context = gathered(&workspace, &workspace.index, "", &[], 1_000);
    let text = context.render("#");
    assert_eq!(
        text,
        "# p/b.py\nclass Base:\n    \"\"\"A base.\"\"\"\n    def close(self):\n        \"\"\"Close it.\n\n        At once.\n        \"\"\"\n        if self:\n            return 1\n\n        return 2\ndef helper(a: int) -> str:\n    '''Help.'''\n    return str(a)\n\n# p/a.py\nimport os\nfrom flask import Flask, jsonify\nclass Store(Base):\n    \"\"\"Keeps things.\"\"\"\n    unit = 'kg'\n    @property\n    def size(self) -> int:\n        return 1\n@dataclass\nclass Other:\n    \"\"\"Another.\"\"\"\n    x: int = 1\n    def run(self, times):\n        return self.x * times"
    );
    assert_eq!(context.omitted, 0);
    // With less room the bodies go, then the docstrings.
    let within = |budget| gathered(&workspace, &workspace.index, "", &[], budget).render("#");
    let (closing, once) = ("\"\"\"Close it.\"\"\"", "At once");
    assert!((0..300).map(within).any(|text| text.contains(closing) && !text.contains(once)));
    assert!((0..300).map(within).any(|text| text.contains("def close") && !text.contains("Close it")));
}

#[test]
fn the_budget_is_never_exceeded() {
    let workspace = Workspace::new(PROJECT);
    let all = gathered(&workspace, &workspace.index, "", &[], 2_000);
    let heads = |context: &Context| {
        let mut labels: Vec<&str> = context.excerpts.iter().map(|one| one.label.as_str()).collect();
        labels.dedup();
        labels.iter().map(|label| tokens(label)).sum::<u32>()
    };
    let most = all.tokens() + heads(&all);
    let mut before = 0;
    for budget in 0..=most + 20 {
        let context = gathered(&workspace, &workspace.index, "", &[], budget);
        let cost = context.tokens() + heads(&context);
        assert!(cost <= budget, "{cost} of {budget}");
        // The rendered text as a whole keeps it too, by the same estimate.
        let bytes = context.render("#").len();
        assert!(bytes * BYTES.1 <= (budget as usize) * BYTES.0 + BYTES.0, "{bytes} bytes in {budget}");
        before = before.max(context.excerpts.len());
    }
    assert_eq!(before, all.excerpts.len());
}

#[test]
fn nothing_of_the_target_is_shown_and_nothing_twice() {
    let workspace = Workspace::new(PROJECT);
    let context = gathered(&workspace, &workspace.index, "", &[], 2_000);
    let text = context.render("#");
    assert!(!text.contains("def load") && !text.contains("the app"), "{text}");
    let mut names: Vec<(&str, &str)> =
        context.excerpts.iter().map(|one| (one.label.as_str(), one.name.as_str())).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let texts: Vec<String> = (0..4)
        .map(|_| {
            let workspace = Workspace::new(PROJECT);
            gathered(&workspace, &workspace.index, "", &[], 150).render("#")
        })
        .collect();
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn empty_and_odd_files_have_contexts() {
    for text in ["", "(((", "\u{feff}", "\0\0", "\"\"\"x", "'''é", "def é(ä): 'ü'"] {
        let workspace = Workspace::new(&format!("//- a.py\n{text}$0"));
        let context = gathered(&workspace, &workspace.index, "", &[], 100);
        assert_eq!(context.render("#"), "", "{text:?}");
    }
}

#[test]
fn a_body_that_is_not_what_the_facts_are_of_is_not_shown() {
    let mut workspace = Workspace::new(
        "//- a.py\nfrom b import helper\ndef f():\n    $0pass\n//- b.py\ndef helper():\n    return 1\n",
    );
    let shown = |workspace: &Workspace| gathered(workspace, &workspace.index, "", &[], 500).render("#");
    assert!(shown(&workspace).contains("return 1"));
    for text in ["", "x = 1\n", "# é\ndef helper():\n    return 1\n", "def other():\n    return 1\n"] {
        workspace.rewrite("b.py", text);
        let text = shown(&workspace);
        assert!(text.contains("def helper():") && !text.contains("return"), "{text}");
    }
}

/// A project of a few files that refer to each other, by numbers.
fn module(at: usize, seed: u32) -> String {
    let other = (seed % 5) as usize;
    format!(
        "from m{other} import f{other}, C{other}\nfrom m{} import *\nclass C{at}(C{other}):\n    def save_item{seed}(self, x: C{other}): pass\n    def run(self): return f{other}()\ndef f{at}(): return {seed}\ndef load_item{seed}(): pass\n",
        (other + 1) % 5
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn an_index_after_updates_answers_like_a_fresh_one(
        changes in prop::collection::vec((0usize..6, prop::option::of(0u32..40), any::<bool>()), 0..24),
        budget in 20u32..600,
    ) {
        let target = "class T(C0):\n    def run(self, c: C1):\n        \"\"\"Load an item.\"\"\"\n        $0pass\n";
        let head = format!("//- t.py\nfrom m0 import C0\nfrom m1 import *\n{target}");
        let mut state: Vec<Option<u32>> = vec![Some(0); 5];
        let whole = |state: &[Option<u32>]| {
            let mut fixture = head.clone();
            for (at, seed) in state.iter().enumerate() {
                if let Some(seed) = seed {
                    fixture.push_str(&format!("//- m{at}.py\n{}", module(at, *seed)));
                }
            }
            Workspace::new(&fixture)
        };
        let first = whole(&state);
        let mut index = first.index.clone();
        for (at, seed, retable) in changes {
            if at < 5 {
                state[at] = seed;
                let facts = |seed| crate::workspace::disk::facts_of("m.py", &module(at, seed)).unwrap();
                let known = seed.map(|seed| Known::Facts(std::sync::Arc::new(facts(seed))));
                let path = format!("m{at}.py");
                index = index.with(vec![Update { path: path.as_str().into(), state: known }]);
            }
            if retable {
                index = index.with_tables();
            }
        }
        let fresh = whole(&state);
        let files = |index: &Index| {
            let there = index.files().iter().filter(|entry| index.file(&entry.path).is_some_and(|no| index.entry(no).unwrap().facts == entry.facts));
            let mut files: Vec<_> = there.map(|entry| (entry.path.clone(), entry.facts.clone().map(|facts| facts.names.clone()))).collect();
            files.sort();
            files.dedup();
            files
        };
        prop_assert_eq!(files(&index), files(&fresh.index));
        let settled = index.with_tables();
        let of = |index: &Index| gathered(&fresh, index, "", &[], budget);
        prop_assert_eq!(of(&settled).render("#"), of(&fresh.index).render("#"));
        // Before the tables are made anew, what names lead to is the same, though the words' weights may be older.
        let led = |index: &Index| {
            let ways = [Reason::Base, Reason::Inherited, Reason::Type, Reason::MemberOfType, Reason::EnclosingClass];
            let all = explained_in(&fresh, index, "", &[]);
            let led = all.into_iter().filter(|one| ways.contains(&one.reason));
            let mut led: Vec<_> = led.map(|one| (one.path, one.name, one.line, one.reason)).collect();
            led.sort();
            led
        };
        prop_assert_eq!(led(&index), led(&fresh.index));
    }
}
