#!/usr/bin/env python3
"""Fits the weights of src/context/weights.rs on real projects.

  fit_context.py --binary redraft collect ROWS BENCH [BENCH ...]
  fit_context.py fit ROWS [--hold-out BENCH] [--write src/context/weights.rs]

BENCH is a folder of the context benchmark (docs/context.md) whose cases were generated: cases.jsonl and cases_stripped.jsonl,
the masked projects in data/, and, where it is there, cases_own.jsonl, which adds the definitions of a target's own file.

`collect` asks `redraft context --batch` about each case, with `explain`, and stores the evidence of every candidate beside
whether the hidden body uses it. `fit` finds the weights that make the used candidates of a case likelier than the others
of the same case (a softmax over each case's candidates, L2), then a scale and an offset that make the sum a probability
(a logistic regression over all candidates). `--hold-out` leaves one BENCH out of the fit and reports how it ranks there:
what a project that was never seen gets. Weights are written only where `--write` says so; read the change before you keep it.

Needs numpy, scipy and scikit-learn. Takes minutes.
"""
import argparse
import collections
import json
import pickle
import subprocess
from pathlib import Path

# Products of evidence that have a weight of their own; `words` is what name and text share.
PRODUCTS = [
    ("imported", "used"), ("imported", "words"), ("imported", "class"), ("imported", "constant"),
    ("imported", "mentioned"), ("same_module", "words"), ("inherited", "words"), ("method", "words"),
    ("of_module", "pair"), ("of_annotated", "words"), ("of_annotated", "attribute"), ("inherited", "attribute"),
    ("sibling", "attribute"), ("own_file", "used"), ("own_file", "words"), ("neighbours", "words"),
    ("neighbours", "same_module"), ("of_imported", "words"), ("of_imported", "pair"), ("of_imported", "attribute"),
    ("of_attribute", "words"), ("of_attribute", "attribute"), ("same_directory", "words"),
    ("same_directory", "popular"), ("same_module", "popular"), ("of_imported", "used"), ("of_imported", "of_class"),
    ("of_imported", "pair_known"), ("of_annotated", "pair_known"), ("inherited", "pair_known"),
    ("sibling", "pair_known"), ("of_module", "pair_known"), ("parent", "pair_known"), ("imported", "popular"),
    ("imported", "known"),
]
# Evidence of examples: a body does not need them, so nothing can be learned of them here (weights.rs has them by hand).
CHOSEN = ("caller", "recent")
VARIANTS = (("masked", "cases.jsonl"), ("masked_stripped", "cases_stripped.jsonl"))
L2 = 2e-3

HEAD = '''//! From evidence to a likelihood: a logistic model, whose weights are fitted on real projects (see `docs/context.md`).

use super::evidence::Evidence;

/// The log-odds of a candidate that nothing speaks for.
const BIAS: f32 = {bias:.2f};

/// How likely a body uses what `evidence` is of, 0 to 1.
pub(super) fn likely(evidence: &Evidence) -> f32 {{
    let e = evidence;
    let words = (e.name_words + e.text_words).min(1.0);
    let terms = [
'''
TAIL = '''    ];
    // Examples, not needs: what a body needs does not tell what they are worth, so their weights are chosen, and small.
    let examples = 0.5 * e.caller + 0.3 * e.recent;
    let sum: f32 =
        BIAS + examples + terms.iter().map(|(weight, value): &(f32, f32)| weight * value).sum::<f32>();
    1.0 / (1.0 + (-sum).exp())
}
'''


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Redraft:
    """`redraft context --batch` for one project."""

    def __init__(self, binary, repo):
        self.repo = str(repo)
        self.process = subprocess.Popen(
            [binary, "context", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask({"op": "index", "id": "__index__"})

    def ask(self, question):
        self.process.stdin.write(json.dumps({**question, "repo": self.repo}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def used(case, own):
    """What the hidden body uses: (file, symbol), and whether it is of the target's own file."""
    found = {(gold["file"], gold["symbol"]): gold["file"] == case["file"] for gold in own.get("gold", [])}
    found.update({(gold["file"], gold["symbol"]): False for gold in case["gold"]})
    return found


def collect(args):
    names, rows = None, []
    for bench in args.bench:
        own_file = bench / "cases_own.jsonl"
        own = {case["id"]: case for case in lines(own_file)} if own_file.exists() else {}
        for variant, cases in VARIANTS:
            by_tree = collections.defaultdict(list)
            for case in lines(bench / cases):
                by_tree[case["tree"]].append(case)
            for tree, of_tree in by_tree.items():
                redraft = Redraft(args.binary, bench / "data" / variant / tree)
                for case in of_tree:
                    answer = redraft.ask({"id": case["id"], "file": case["file"], "line": case["line"], "budget": 1024, "explain": True})
                    gold = used(case, own.get(case["id"], {}))
                    found = []
                    for one in answer.get("candidates", []):
                        names = list(one["evidence"])
                        key = (one["path"], one["name"])
                        found.append((key in gold, gold.get(key, False), list(one["evidence"].values())))
                    rows.append((bench.name, variant, case["id"], found))
                redraft.close()
                print(bench.name, variant, tree, len(of_tree), flush=True)
    with open(args.rows, "wb") as file:
        pickle.dump((names, rows), file)


def features(np, names, evidence):
    """One row for each candidate: its evidence, then the products."""
    at = {name: place for place, name in enumerate(names)}
    table = np.array(evidence, dtype=float)
    for name in CHOSEN:
        if name in at:
            table[:, at[name]] = 0.0
    words = np.minimum(1.0, table[:, at["name_words"]] + table[:, at["text_words"]])
    column = lambda name: words if name == "words" else table[:, at[name]]
    return np.hstack([table] + [(column(a) * column(b))[:, None] for a, b in PRODUCTS])


def weights_of(np, minimize, cases):
    """The weights under which the used candidates of each case stand out most."""
    cases = [(table, is_used) for table, is_used, _ in cases if is_used.any()]
    table = np.vstack([table for table, _ in cases])
    is_used = np.concatenate([is_used for _, is_used in cases]).astype(float)
    spread = np.maximum(table.std(0), 1e-6)
    table = table / spread
    sizes = [len(one) for _, one in cases]
    starts = np.cumsum([0] + sizes)[:-1]
    case_of = np.repeat(np.arange(len(cases)), sizes)
    count = np.add.reduceat(is_used, starts)

    def loss(weights):
        score = table @ weights
        most = np.maximum.reduceat(score, starts)
        exp = np.exp(score - most[case_of])
        total = np.add.reduceat(exp, starts)
        share = exp / total[case_of]
        value = (np.add.reduceat(score * is_used, starts) - count * (np.log(total) + most)) / count
        slope = ((is_used - share * count[case_of]) / count[case_of]) @ table
        return -value.mean() + L2 * (weights @ weights) / 2, -slope / len(cases) + L2 * weights

    fitted = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return fitted.x / spread


def ranked(np, weights, cases, first):
    """The share of what other files' definitions are used that stands among the first candidates."""
    hits = total = 0
    for table, is_used, is_own in cases:
        wanted = is_used & ~is_own
        hits += wanted[np.argsort(-(table @ weights))[:first]].sum()
        total += wanted.sum()
    return hits / max(1, total)


def fit(args):
    import numpy as np
    from scipy.optimize import minimize
    from sklearn.linear_model import LogisticRegression

    with open(args.rows, "rb") as file:
        names, rows = pickle.load(file)
    cases = [
        (bench, variant, (features(np, names, [e for _, _, e in found]), np.array([u for u, _, _ in found]), np.array([o for _, o, _ in found])))
        for bench, variant, _, found in rows
        if found
    ]
    learned = [case for bench, _, case in cases if bench != args.hold_out]
    weights = weights_of(np, minimize, learned)
    for bench in sorted({bench for bench, _, _ in cases}):
        for variant, _ in VARIANTS:
            of = [case for b, v, case in cases if (b, v) == (bench, variant)]
            shares = " ".join(f"{first}: {ranked(np, weights, of, first):.3f}" for first in (15, 30, 60, 120))
            print(f"{bench} {variant}{' (held out)' if bench == args.hold_out else ''}: {shares}")
    score = np.concatenate([table @ weights for table, _, _ in learned])
    is_used = np.concatenate([is_used for _, is_used, _ in learned])
    scale = LogisticRegression(C=1e6).fit(score[:, None], is_used)
    weights, bias = weights * scale.coef_[0, 0], scale.intercept_[0]
    expression = lambda name: "words" if name == "words" else f"e.{name}"
    terms = [(f"e.{name}", name) for name in names] + [(f"{expression(a)} * {expression(b)}", f"{a}*{b}") for a, b in PRODUCTS]
    text = HEAD.format(bias=bias)
    for (code, _), weight in zip(terms, weights):
        if abs(weight) >= 0.005:
            text += f"        ({weight:.2f}, {code}),\n"
    text += TAIL
    if args.write:
        args.write.write_text(text, encoding="utf-8")
    else:
        print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="redraft")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("collect")
    one.add_argument("rows", type=Path)
    one.add_argument("bench", type=Path, nargs="+")
    two = commands.add_parser("fit")
    two.add_argument("rows", type=Path)
    two.add_argument("--hold-out", default="")
    two.add_argument("--write", type=Path)
    args = parser.parse_args()
    {"collect": collect, "fit": fit}[args.command](args)


if __name__ == "__main__":
    main()
