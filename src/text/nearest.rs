//! The name that somebody meant who wrote another one.

/// ` Did you mean "…"?` for the nearest of the known names, if one is near; else nothing.
#[must_use]
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = known.into_iter().map(|known| (distance(name, known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 1 + known.len().min(name.len()) / 4 => {
            format!(" Did you mean \"{known}\"?")
        }
        _ => String::new(),
    }
}

/// The longest name that is compared, in characters: the comparison is quadratic.
const MAX_COMPARED_CHARS: usize = 64;

/// Edits between two names: insertions, deletions, substitutions, swaps of neighbours count one each (optimal string
/// alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(MAX_COMPARED_CHARS).collect();
    let b: Vec<char> = b.chars().take(MAX_COMPARED_CHARS).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitute = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitute.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["name", "provider", "price", "id", "api_key_env"];
        for (name, expect) in [
            ("provder", " Did you mean \"provider\"?"),
            ("pirce", " Did you mean \"price\"?"),
            ("nmae", " Did you mean \"name\"?"),
            ("api_key", ""),
            ("colour", ""),
            ("", ""),
        ] {
            assert_eq!(did_you_mean(name, known), expect, "{name}");
        }
    }
}
