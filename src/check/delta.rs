//! What a draft brought in: only that counts.

use super::Finding;

/// Those of `after` that `before` does not have. Where something stands, and the numbers of lines that its message names, do not
/// make another thing of it.
#[must_use]
pub fn introduced(before: &[Finding], mut after: Vec<Finding>) -> Vec<Finding> {
    let mut known: Vec<_> = before.iter().map(key).collect();
    after.retain(|finding| {
        let key = key(finding);
        known.iter().position(|one| *one == key).map(|at| known.swap_remove(at)).is_none()
    });
    after
}

fn key(finding: &Finding) -> (&str, &str, String) {
    let mut message = String::with_capacity(finding.message.len());
    for ch in finding.message.chars() {
        match (ch.is_ascii_digit(), message.ends_with('0')) {
            (true, true) => {}
            (true, false) => message.push('0'),
            (false, _) => message.push(ch),
        }
    }
    (&finding.source, &finding.code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &'static str, at: usize, message: &str) -> Finding {
        Finding::error("names", code, at..at + 1, message)
    }

    #[test]
    fn what_was_there_does_not_count_wherever_it_stands_now() {
        let before = [finding("a", 1, "of line 9"), finding("a", 5, "x"), finding("b", 7, "x")];
        for (after, left) in [
            (vec![finding("a", 100, "of line 12"), finding("a", 3, "x"), finding("b", 9, "x")], vec![]),
            (vec![finding("a", 3, "x"), finding("a", 4, "x")], vec![4]),
            (vec![finding("c", 3, "x"), finding("a", 4, "y")], vec![3, 4]),
            (vec![], vec![]),
        ] {
            let starts: Vec<usize> =
                introduced(&before, after).iter().map(|finding| finding.range.start).collect();
            assert_eq!(starts, left);
        }
    }
}
