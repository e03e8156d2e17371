//! Secrets in texts: found, so that they never leave the machine. The last gate before a prompt is sent.
//!
//! Two sorts: tokens whose form alone tells (a prefix that their issuer chose for this purpose), and literals that are
//! assigned to a name like `password`, if they look random enough to be real. A false alarm costs one literal in a prompt, a
//! miss costs a key; still, code full of `<redacted:…>` gets worse answers, so both are measured (see the tests).

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// One secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub range: Range<usize>,
    /// What it is, as a short name: `aws-key`.
    pub kind: &'static str,
}

/// How a secret of fixed form looks. The first group, where there is one, is what is secret.
const FORMS: [(&str, &str); 24] = [
    (
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.{40,}?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    ("putty-key", r"PuTTY-User-Key-File-\d(?s:.{40,}?)Private-MAC: [0-9a-f]+"),
    ("aws-key", r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b"),
    ("github-token", r"\b(gh[pousr]_[A-Za-z0-9]{36,255})\b"),
    ("github-token", r"\b(github_pat_[A-Za-z0-9_]{60,255})\b"),
    ("gitlab-token", r"\b(gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt)-[A-Za-z0-9_-]{20,300})"),
    ("slack-token", r"\b(xox[abeoprs]-(?:\d+-)*[A-Za-z0-9-]{16,250})"),
    ("slack-token", r"\b(xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{20,100})\b"),
    ("slack-webhook", r"(https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/+_-]{30,})"),
    ("google-key", r"\b(AIza[A-Za-z0-9_-]{35})"),
    ("google-oauth", r"\b(GOCSPX-[A-Za-z0-9_-]{28})"),
    ("google-oauth", r"\b(ya29\.[A-Za-z0-9_-]{40,500})"),
    ("anthropic-key", r"\b(sk-ant-[A-Za-z0-9_-]{24,200})"),
    ("openai-key", r"\b(sk-(?:proj|svcacct|admin|or-v1|None)-[A-Za-z0-9_-]{24,250})"),
    ("openai-key", r"\b(sk-[A-Za-z0-9]{32,64})\b"),
    ("stripe-key", r"\b((?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,250})\b"),
    ("huggingface-token", r"\b(hf_[A-Za-z]{34})\b"),
    ("groq-key", r"\b(gsk_[A-Za-z0-9]{40,80})\b"),
    ("npm-token", r"\b(npm_[A-Za-z0-9]{36})\b"),
    ("pypi-token", r"\b(pypi-AgE[A-Za-z0-9_-]{50,500})"),
    ("sendgrid-key", r"\b(SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64})"),
    ("telegram-token", r"\b(\d{8,10}:AA[A-Za-z0-9_-]{33})\b"),
    ("jwt", r"\b(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,})"),
    (
        "url-password",
        r#"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@"'<>{}$]{1,80}:([^\s/:@"'<>{}$]{6,200})@[A-Za-z0-9\[]"#,
    ),
];

/// A literal assigned to a name that says what it is: `api_key = "…"`, `"secret": "…"`, `password: '…'`, `TOKEN=…` in
/// a file of settings.
const ASSIGNED: &str = concat!(
    r#"(?i)(?:^|[^a-z0-9])((?:[a-z0-9]+[_.-])*(?:passwd|password|passphrase|pwd|secret|token|api[_-]?key|apikey|"#,
    r#"access[_-]?key|auth[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|client[_-]?secret|secret[_-]?key|"#,
    r#"credentials?))["'\]]{0,2}(?:\s*:\s*[a-z_.\[\]| ]{1,40}?)?\s*(?::=|=>|=|:)\s*[bru]{0,2}(?:"([^"\r\n]{8,300})"|'([^'\r\n]{8,300})')"#
);

/// What a mark begins with.
const MARK: &str = "<redacted:";

/// Bits of entropy to a character that a literal must have: words and phrases have fewer in as few characters.
const ENTROPY: f64 = 3.0;

static FORM: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let compile = |(kind, form)| (kind, Regex::new(form).expect("a test compiles every form"));
    FORMS.into_iter().map(compile).collect()
});

static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(ASSIGNED).expect("a test compiles it"));

/// The secrets of `text`, in order, none inside of another.
#[must_use]
pub fn find(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    for (kind, form) in FORM.iter() {
        for captures in form.captures_iter(text) {
            let whole = captures.get(1).or_else(|| captures.get(0));
            let placeholder = |part: &str| match *kind {
                "private-key" => false,
                "url-password" => !random(part),
                _ => fake(part),
            };
            if let Some(whole) = whole.filter(|whole| !placeholder(whole.as_str())) {
                found.push(Secret { range: whole.range(), kind });
            }
        }
    }
    for captures in ASSIGNMENT.captures_iter(text) {
        let literal = captures.get(2).or_else(|| captures.get(3));
        if let Some(literal) = literal.filter(|literal| random(literal.as_str())) {
            found.push(Secret { range: literal.range(), kind: "password" });
        }
    }
    found.sort_by_key(|secret| (secret.range.start, std::cmp::Reverse(secret.range.end)));
    let mut end = 0;
    found.retain(|secret| {
        let apart = secret.range.start >= end;
        end = if apart { secret.range.end } else { end };
        apart
    });
    found
}

/// Takes the secrets out of the parts of one question. Each has a mark of its own, the same wherever it stands, so that what
/// comes back with a mark can be told what it stood for.
#[derive(Default)]
pub struct Redactor {
    marked: Vec<Marked>,
    /// Marks that the texts have themselves are numbered below.
    taken: usize,
    count: usize,
}

/// A secret and its mark.
pub struct Marked {
    pub mark: String,
    /// As it stands in the first text that had it.
    pub text: String,
    key: String,
}

impl Redactor {
    /// A redactor whose marks are none that `texts` have already.
    #[must_use]
    pub fn apart_from(texts: &[&str]) -> Self {
        let numbers = texts.iter().flat_map(|text| text.split(MARK).skip(1)).filter_map(|rest| {
            let number: String =
                rest.split_once(':')?.1.chars().take_while(char::is_ascii_digit).take(9).collect();
            number.parse::<usize>().ok()
        });
        Self { taken: numbers.max().unwrap_or(0), ..Self::default() }
    }

    /// From now on `secret` is one wherever it stands. The mark that it gets.
    pub fn know(&mut self, secret: &str, kind: &str) -> &str {
        let key: Vec<&str> = secret.lines().map(str::trim).collect();
        let key = key.join("\n");
        let at = self.marked.iter().position(|marked| marked.key == key).unwrap_or_else(|| {
            let number = self.taken + self.marked.len() + 1;
            self.marked.push(Marked {
                mark: format!("{MARK}{kind}:{number}>"),
                text: secret.to_owned(),
                key,
            });
            self.marked.len() - 1
        });
        &self.marked[at].mark
    }

    /// `text` with a mark for each secret, `<redacted:KIND:NUMBER>`. What is returned holds none: should one be left after
    /// three passes, the whole text is withheld (it fails closed).
    #[must_use]
    pub fn redact(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        // One may begin with another.
        let mut known: Vec<&Marked> = self.marked.iter().collect();
        known.sort_by_key(|known| std::cmp::Reverse(known.text.len()));
        for known in known {
            self.count += text.matches(&known.text).count();
            text = text.replace(&known.text, &known.mark);
        }
        for _ in 0..3 {
            let secrets = find(&text);
            if secrets.is_empty() {
                return text;
            }
            self.count += secrets.len();
            // Numbered as they are read, replaced from the end.
            let marks: Vec<String> = secrets
                .iter()
                .map(|secret| self.know(&text[secret.range.clone()], secret.kind).to_owned())
                .collect();
            for (secret, mark) in secrets.into_iter().zip(marks).rev() {
                text.replace_range(secret.range, &mark);
            }
        }
        if find(&text).is_empty() { text } else { format!("{MARK}all>") }
    }

    /// How many were taken out.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The secrets with their marks.
    #[must_use]
    pub fn marked(&self) -> &[Marked] {
        &self.marked
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({})", self.marked.len())
    }
}

impl std::fmt::Debug for Marked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.mark)
    }
}

/// Whether a literal looks like a real secret rather than a word, a name, a path, a template or a placeholder.
fn random(literal: &str) -> bool {
    let literal = literal.trim();
    let kinds = [
        literal.chars().any(|ch| ch.is_ascii_digit()),
        literal.chars().any(char::is_uppercase),
        literal.chars().any(char::is_lowercase),
        literal.chars().any(|ch| ch.is_ascii_punctuation() && !matches!(ch, '_' | '-' | '.')),
    ];
    let mixed = kinds.into_iter().filter(|&kind| kind).count() >= 2 && (kinds[0] || kinds[3]);
    let prose = literal.chars().any(char::is_whitespace);
    literal.chars().count() >= 8
        && mixed
        && !prose
        && !fake(literal)
        && !lookup(literal)
        && entropy(literal) >= ENTROPY
}

/// Whether a literal is a placeholder: it says so, or repeats one character.
fn fake(literal: &str) -> bool {
    let lower = literal.to_ascii_lowercase();
    let words = [
        "example",
        "placeholder",
        "changeme",
        "change_me",
        "change-me",
        "your_",
        "your-",
        "yourkey",
        "dummy",
        "fake",
        "redacted",
        "xxxx",
        "****",
        "....",
        "<",
        "todo",
        "insert",
        "foobar",
        "notasecret",
        "not-a-secret",
        "not_a_secret",
        "sample",
        "12345678",
        "secret_key",
        "password1",
        "testtest",
    ];
    words.iter().any(|word| lower.contains(word)) || run(literal) >= 6
}

/// The longest run of one character.
fn run(literal: &str) -> usize {
    let (mut longest, mut length, mut last) = (0, 0, None);
    for ch in literal.chars() {
        length = if last == Some(ch) { length + 1 } else { 1 };
        last = Some(ch);
        longest = longest.max(length);
    }
    longest
}

/// Whether a literal is looked up or filled in elsewhere: a template, a path, a URL, a dotted name, a regular expression.
fn lookup(literal: &str) -> bool {
    let template = ["${", "{{", "%(", "{}", "%s", "$("].iter().any(|mark| literal.contains(mark))
        || literal.starts_with(['$', '{', '/', '.', '~'])
        || literal.contains("://")
        || literal.contains("\\b")
        || literal.contains("(?")
        || literal.contains("[^");
    let braces = literal.contains('{') && literal.contains('}');
    let words = literal
        .split(['_', '-', '.', '/', ':'])
        .all(|word| word.chars().all(char::is_alphabetic) || word.len() <= 2);
    template || braces || words
}

/// Shannon's entropy, in bits to a character.
fn entropy(literal: &str) -> f64 {
    let chars: Vec<char> = literal.chars().collect();
    let mut sorted = chars.clone();
    sorted.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a literal has at most 300 characters")]
    let share = |count: usize| count as f64 / chars.len() as f64;
    sorted.chunk_by(|a, b| a == b).map(|group| share(group.len())).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests;
