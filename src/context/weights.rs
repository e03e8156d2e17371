//! From evidence to a likelihood: a logistic model, whose weights are fitted on real projects (see `docs/context.md`).

use super::evidence::Evidence;

/// The log-odds of a candidate that nothing speaks for.
const BIAS: f32 = -7.33;

/// How likely a body uses what `evidence` is of, 0 to 1.
pub(super) fn likely(evidence: &Evidence) -> f32 {
    let e = evidence;
    let words = (e.name_words + e.text_words).min(1.0);
    let terms = [
        (-0.13, e.annotated),
        (-1.23, e.attribute),
        (-0.27, e.attribute_type),
        (-1.74, e.base),
        (-0.46, e.class),
        (-1.42, e.constant),
        (0.60, e.covered),
        (-2.41, e.enclosing),
        (2.36, e.imported),
        (2.85, e.inherited),
        (0.01, e.known),
        (0.13, e.mentioned),
        (-0.50, e.method),
        (0.74, e.name_words),
        (0.96, e.near),
        (1.33, e.neighbours),
        (1.56, e.of_annotated),
        (-0.02, e.of_attribute),
        (0.48, e.of_class),
        (-0.13, e.of_imported),
        (0.54, e.of_module),
        (-3.64, e.of_test),
        (1.74, e.overrides),
        (1.30, e.own_file),
        (2.11, e.pair),
        (1.97, e.pair_known),
        (1.06, e.parent),
        (1.13, e.popular),
        (0.17, e.private),
        (0.36, e.property),
        (0.30, e.same_directory),
        (0.69, e.same_module),
        (1.66, e.sibling),
        (-1.28, e.special),
        (0.67, e.text_words),
        (2.08, e.unused_import),
        (0.31, e.used),
        (0.68, e.imported * e.used),
        (-1.40, e.imported * words),
        (0.26, e.imported * e.class),
        (1.26, e.imported * e.constant),
        (0.20, e.imported * e.mentioned),
        (1.51, e.same_module * words),
        (-0.18, e.inherited * words),
        (-0.20, e.method * words),
        (0.25, e.of_module * e.pair),
        (-0.26, e.of_annotated * words),
        (0.48, e.of_annotated * e.attribute),
        (-0.70, e.inherited * e.attribute),
        (0.29, e.sibling * e.attribute),
        (1.49, e.own_file * e.used),
        (-0.10, e.own_file * words),
        (-0.80, e.neighbours * words),
        (-0.74, e.neighbours * e.same_module),
        (0.24, e.of_imported * words),
        (-0.27, e.of_imported * e.pair),
        (1.17, e.of_imported * e.attribute),
        (-0.42, e.of_attribute * words),
        (0.91, e.of_attribute * e.attribute),
        (0.28, e.same_directory * words),
        (-0.96, e.same_directory * e.popular),
        (0.61, e.same_module * e.popular),
        (1.45, e.of_imported * e.of_class),
        (0.10, e.of_imported * e.pair_known),
        (-0.99, e.of_annotated * e.pair_known),
        (-1.21, e.inherited * e.pair_known),
        (-2.99, e.sibling * e.pair_known),
        (-0.87, e.of_module * e.pair_known),
        (4.06, e.parent * e.pair_known),
        (-0.31, e.imported * e.popular),
        (-0.97, e.imported * e.known),
    ];
    // Examples, not needs: what a body needs does not tell what they are worth, so their weights are chosen, and small.
    let examples = 0.5 * e.caller + 0.3 * e.recent;
    let sum: f32 =
        BIAS + examples + terms.iter().map(|(weight, value): &(f32, f32)| weight * value).sum::<f32>();
    1.0 / (1.0 + (-sum).exp())
}
