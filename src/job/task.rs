//! What a run is to do: the place, what may change there, and the question.

use std::cell::LazyCell;
use std::ops::Range;

use ropey::Rope;
use tree_sitter::Tree;

use crate::draft::clean::{Cleaned, Setup};
use crate::draft::form::Form;
use crate::draft::imports::{self, Existing};
use crate::draft::is_import;
use crate::draft::place::Place;
use crate::draft::region::Region;
use crate::draft::secrets::Secrets;
use crate::draft::verify::Proposal;
use crate::model::Request;
use crate::syntax::{Language, Source, outline::outline_where};

/// Everything that a run needs to know; made once, when it begins.
#[derive(Clone, Debug)]
pub struct Task {
    /// The document when the run began, and its tree.
    pub text: Rope,
    pub tree: Option<Tree>,
    pub language: &'static Language,
    /// The bytes that the draft takes the place of.
    pub region: Range<usize>,
    /// The import block, which may be added to.
    pub imports: Option<Range<usize>>,
    pub existing: Existing,
    pub form: Form,
    /// What stands between a function's first line and the region.
    pub opening: String,
    /// The name of the definition that it is about, if there is one.
    pub name: String,
    /// What the region has where the model was shown marks.
    pub secrets: Secrets,
    pub request: Request,
}

impl Task {
    /// The regions of the document, the draft's first.
    pub(super) fn regions(&self) -> Vec<Region> {
        let region =
            |range: &Range<usize>| Region::new(range.start, self.text.byte_slice(range.clone()).to_string());
        std::iter::once(&self.region).chain(&self.imports).map(region).collect()
    }

    pub(super) fn setup(&self) -> Setup {
        let base = self.text.byte_slice(self.region.clone()).to_string();
        // A place that has imports of its own (lazy ones, in a function) keeps them.
        let hoist = self.imports.is_some() && !base.lines().any(|line| is_import(line.trim()));
        let place = Place::new(self.text.clone(), self.tree.clone(), self.language, self.region.clone());
        let mut setup = Setup::of(place, &self.form);
        if !self.opening.is_empty() {
            setup.opening.clone_from(&self.opening);
        }
        Setup { hoist, secrets: self.secrets.clone(), name: self.name.clone(), ..setup }
    }

    /// What each region is to hold. `now` is the import block as it stands: what the user or another run has imported
    /// since is not added again.
    pub(super) fn targets(&self, cleaned: &Cleaned, now: Option<String>) -> Vec<String> {
        let source = Source { text: &self.text, tree: self.tree.as_ref(), language: self.language, path: "" };
        // In a large file that takes longer than all else that a draft ends with.
        let own = LazyCell::new(|| outline_where(&source, &|_| false));
        let defined = |name: &str| own.iter().any(|symbol| symbol.parent.is_none() && symbol.name == name);
        let additions = imports::used(&cleaned.imports, &cleaned.text, &defined);
        let Some(range) = &self.imports else {
            return vec![self.with_imports(&cleaned.text, &additions)];
        };
        let block = self.text.byte_slice(range.clone()).to_string();
        let mut existing = self.existing.clone();
        existing.elsewhere.extend(now);
        let context = imports::Context::of(&self.text, range, existing);
        vec![cleaned.text.clone(), imports::merge(&block, &additions, self.form.eol, &context).block]
    }

    /// A draft whose file has no place for imports takes them along: without them it would not run.
    fn with_imports(&self, draft: &str, additions: &[String]) -> String {
        let Form { lead, base, eol, .. } = &self.form;
        let body = draft.strip_prefix(lead.as_str()).unwrap_or(draft);
        let imports: String =
            additions.iter().map(|import| format!("{base}{import}{}", eol.as_str())).collect();
        format!("{lead}{imports}{body}")
    }

    pub(super) fn proposal(&self, targets: &[String]) -> Proposal {
        Proposal {
            text: self.text.clone(),
            tree: self.tree.clone(),
            language: self.language,
            region: self.region.clone(),
            shape: self.form.shape.clone(),
            draft: targets[0].clone(),
            imports: self.imports.clone().zip(targets.get(1).cloned()),
        }
    }
}
