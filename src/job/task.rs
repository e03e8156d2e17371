//! What a run is to do: the place, what may change there, and the question.

use std::ops::Range;

use crate::draft::clean::{Cleaned, Setup};
use crate::draft::form::Form;
use crate::draft::imports::{self, Existing};
use crate::draft::place::Place;
use crate::draft::region::Region;
use crate::draft::secrets::Secrets;
use crate::draft::verify::Proposal;
use crate::model::Request;
use crate::syntax::lines;

/// Everything that a run needs to know; made once, when it begins.
#[derive(Clone, Debug)]
pub struct Task {
    /// The document when the run began, and the bytes that the draft takes the place of.
    pub place: Place,
    /// The answer is told in words, and nothing is changed.
    pub tells: bool,
    /// What of the region is to be mended, in bytes of it.
    pub mends: Option<Range<usize>>,
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
    /// The question of the first round.
    pub first: Request,
}

impl Task {
    /// The regions of the document, the draft's first.
    pub(super) fn regions(&self) -> Vec<Region> {
        let region = |range: &Range<usize>| Region::new(range.start, lines::slice(self.place.text(), range));
        std::iter::once(self.place.region()).chain(&self.imports).map(region).collect()
    }

    pub(super) fn setup(&self) -> Setup {
        // A place that has imports of its own (lazy ones, in a function) keeps them.
        let lexis = &self.place.language().lexis;
        let hoist =
            self.imports.is_some() && !self.place.base().lines().any(|line| lexis.is_import(line.trim()));
        // What reads like an import in a class may be none.
        let importing = self.place.language().importing.as_ref();
        let is_in_class =
            importing.is_some_and(|way| way.in_classes) && self.place.is_in_class(&self.form.base);
        let hoist = hoist && !is_in_class;
        let mut setup = Setup::of(self.place.clone(), &self.form);
        if !self.opening.is_empty() {
            setup.opening.clone_from(&self.opening);
        }
        setup.hoist = hoist;
        setup.secrets = self.secrets.clone();
        setup.name.clone_from(&self.name);
        setup
    }

    /// What each region is to hold. `now` is the import block as it stands: what the user or another run has imported
    /// since is not added again.
    pub(super) fn targets(&self, cleaned: &Cleaned, now: Option<String>) -> Vec<String> {
        let language = self.place.language();
        let defines = |name: &str| self.place.defines(name);
        let additions = match &language.importing {
            Some(way) => imports::needed(way, &cleaned.imports, &cleaned.text, &defines),
            None => imports::used(&cleaned.imports, &cleaned.text, &defines),
        };
        let Some(range) = &self.imports else {
            return vec![self.with_imports(&cleaned.text, &additions)];
        };
        let block = lines::slice(self.place.text(), range);
        let mut existing = self.existing.clone();
        existing.elsewhere.extend(now);
        let context = imports::Context::of(self.place.text(), range, existing);
        let block = match &language.importing {
            Some(way) => imports::put(way, language, &block, &additions, self.form.eol, &context),
            None => imports::merge(&block, &additions, self.form.eol, &context).block,
        };
        vec![cleaned.text.clone(), block]
    }

    /// A draft whose file has no place for imports takes them along: without them it would not run.
    fn with_imports(&self, draft: &str, additions: &[String]) -> String {
        let Form { lead, base, eol, .. } = &self.form;
        let body = draft.strip_prefix(lead.as_str()).unwrap_or(draft);
        let imports: String =
            additions.iter().map(|import| format!("{base}{import}{}", eol.as_str())).collect();
        format!("{lead}{imports}{body}")
    }

    /// The file with `targets` in its regions; what is not given stays.
    #[must_use]
    pub fn proposal(&self, targets: &[String]) -> Proposal {
        let source = self.place.source();
        Proposal {
            text: source.text.clone(),
            tree: source.tree.cloned(),
            language: source.language,
            region: self.place.region().clone(),
            mends: self.mends.clone(),
            shape: self.form.shape.clone(),
            draft: targets[0].clone(),
            imports: self.imports.clone().zip(targets.get(1).cloned()),
        }
    }
}
