//! Secrets of the region that the model was not shown: it saw a mark, and where its answer has that mark, what stood there
//! stands there again. A mark that is used more often than its secret was is left, and the draft refused for it: no copy of
//! a secret is ever made.

use std::fmt;

/// The marks that a model was shown. Its Debug tells how many, never what they stand for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    known: Vec<Secret>,
}

#[derive(Clone, PartialEq, Eq)]
struct Secret {
    mark: String,
    /// The lines that it stands for.
    lines: Vec<String>,
    /// How often it may be put back.
    left: usize,
}

impl Secrets {
    /// `mark` stands for `secret`, which the region has `count` times; none for a secret that stands elsewhere.
    pub fn add(&mut self, mark: String, secret: &str, count: usize) {
        let lines = secret.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect();
        self.known.push(Secret { mark, lines, left: count });
    }

    /// Whether `text` has a mark that stands for a secret: one that could not be put back.
    #[must_use]
    pub fn is_marked(&self, text: &str) -> bool {
        self.known.iter().any(|secret| text.contains(&secret.mark))
    }

    /// `text` with marks for the secrets that stand in it, for messages.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.known {
            for line in secret.lines.iter().filter(|line| !line.trim().is_empty()) {
                text = text.replace(line.trim(), &secret.mark);
            }
        }
        text
    }

    /// `line` with secrets for its marks: several lines where a secret has them.
    pub(crate) fn restore(&mut self, line: &str) -> Vec<String> {
        let mut lines = vec![line.to_owned()];
        for secret in &mut self.known {
            let mut at = 0;
            while let Some(line) = lines.get(at) {
                match line.split_once(&secret.mark).filter(|_| secret.left > 0) {
                    None => at += 1,
                    Some((before, after)) => {
                        secret.left -= 1;
                        let mut put = secret.lines.clone();
                        put[0].insert_str(0, before);
                        let last = put.len() - 1;
                        put[last].push_str(after);
                        lines.splice(at..=at, put);
                        at += last;
                    }
                }
            }
        }
        lines
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.known.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_becomes_its_secret_as_often_as_it_stood_there() {
        let mut secrets = Secrets::default();
        secrets.add("<redacted:key:1>".to_owned(), "S3CRET", 2);
        secrets.add("<redacted:key:2>".to_owned(), "BEGIN\r\nabc\r\nEND", 1);
        secrets.add("<redacted:key:3>".to_owned(), "", 0);
        for (line, restored) in [
            ("x = 1", &["x = 1"][..]),
            ("k = '<redacted:key:1>'", &["k = 'S3CRET'"]),
            (
                "k = '''<redacted:key:2>''' + '<redacted:key:1>'",
                &["k = '''BEGIN", "abc", "END''' + 'S3CRET'"],
            ),
            // More often than before, of another place, of nobody.
            ("<redacted:key:1><redacted:key:2>", &["<redacted:key:1><redacted:key:2>"]),
            ("<redacted:key:3><redacted:key:4>", &["<redacted:key:3><redacted:key:4>"]),
        ] {
            let got = secrets.restore(line);
            assert_eq!(got, restored, "{line}");
            assert_eq!(secrets.is_marked(&got.join("\n")), line.starts_with('<'), "{line}");
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(3)");
        assert_eq!(secrets.hide("x S3CRET abc"), "x <redacted:key:1> <redacted:key:2>");
    }
}
