//! What is taken for a secret and what is not. The tokens here are made up; they are put together from parts so that no
//! scanner takes this file for a leak.

use super::*;

/// Letters and digits that look random.
const NOISE: &str = "a8Kd02LmQ9zXc7VbN4wErT6yUi1oPh3JgFs5DqZxWvBnM8kLpR2tYuQeHs6AiOf0GjCdXm";

fn noise(count: usize) -> String {
    NOISE.chars().cycle().take(count).collect()
}

fn redact(text: &str) -> (String, usize) {
    let mut redactor = Redactor::default();
    let redacted = redactor.redact(text);
    (redacted, redactor.count())
}

fn kinds(text: &str) -> Vec<&'static str> {
    find(text).into_iter().map(|secret| secret.kind).collect()
}

#[test]
fn of_a_long_secret_nothing_is_left() {
    let long = noise(1_200);
    for text in [
        format!("password = \"{long}\""),
        format!("private_key: '{long}'"),
        format!("ghp_{long}"),
        format!("glpat-{long}"),
        format!("ya29.{long}"),
        format!("sk-ant-api03-{long}"),
        format!("sk-proj-{long}"),
        format!("sk_live_{long}"),
        format!("pypi-AgE{long}"),
        format!("postgres://app:{long}@db.internal/x"),
    ] {
        let redacted = Redactor::default().redact(&text);
        let left =
            long.as_bytes().windows(12).any(|part| redacted.contains(std::str::from_utf8(part).unwrap()));
        assert!(!left, "{text:.30}: {redacted:.200}");
    }
}

#[test]
fn tokens_are_found_by_their_form() {
    let upper: String = noise(70)
        .to_uppercase()
        .chars()
        .filter(|ch| ('2'..='7').contains(ch) || ch.is_alphabetic())
        .take(16)
        .collect();
    let letters: String = noise(70).chars().filter(char::is_ascii_alphabetic).take(34).collect();
    for (text, kind) in [
        (
            format!("-----BEGIN {}PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", "RSA ", noise(64)),
            "private-key",
        ),
        (format!("-----BEGIN {}PRIVATE KEY-----\n{}", "OPENSSH ", noise(64)), "private-key"),
        (
            format!(
                "-----BEGIN PGP {} BLOCK-----\n{}\n-----END PGP PRIVATE KEY BLOCK-----",
                "PRIVATE KEY",
                noise(64)
            ),
            "private-key",
        ),
        (format!("id = 'AKIA{upper}'"), "aws-key"),
        (format!("ghp_{}", noise(36)), "github-token"),
        (format!("x='github_pat_{}_{}'", noise(22), noise(59)), "github-token"),
        (format!("glpat-{}", noise(20)), "gitlab-token"),
        (format!("xoxb-2734981650-{}", noise(24)), "slack-token"),
        (format!("https://hooks.slack.com/services/T0/{}", noise(32)), "slack-webhook"),
        (format!("AIza{}", noise(35)), "google-key"),
        (format!("GOCSPX-{}", noise(28)), "google-oauth"),
        (format!("sk-ant-api03-{}", noise(80)), "anthropic-key"),
        (format!("sk-proj-{}", noise(60)), "openai-key"),
        (format!("key: sk-{}", noise(48)), "openai-key"),
        (format!("sk_live_{}", noise(24)), "stripe-key"),
        (format!("hf_{letters}"), "huggingface-token"),
        (format!("npm_{}", noise(36)), "npm-token"),
        (format!("pypi-AgEIcHlwaS5vcmc{}", noise(60)), "pypi-token"),
        (format!("SG.{}.{}", noise(22), noise(43)), "sendgrid-key"),
        (format!("eyJ{}.eyJ{}.{}", noise(20), noise(30), noise(43)), "jwt"),
        (format!("postgres://app:{}@db.internal/x", noise(14)), "url-password"),
        (format!("password = \"{}\"", noise(12)), "password"),
        (format!("API_KEY='{}'", noise(20)), "password"),
        (format!("\"client_secret\": \"{}\"", noise(20)), "password"),
        (format!("self.db_password: str = '{}'", noise(12)), "password"),
        (format!("os.environ['TOKEN'] = '{}'", noise(20)), "password"),
        ("connect(host, secret=b'9f86d081884c7d659a2feaa0c55ad015')".to_owned(), "password"),
        ("passwd = 'Tr0ub4dor&3x'".to_owned(), "password"),
    ] {
        assert_eq!(kinds(&text), [kind], "{text}");
        let (redacted, count) = redact(&text);
        assert_eq!(count, 1, "{text}");
        assert!(redacted.contains(&format!("<redacted:{kind}:1>")), "{redacted}");
        assert!(!redacted.contains(&noise(14)), "{redacted}");
    }
}

#[test]
fn code_is_left_alone() {
    for text in [
        "",
        "password = os.environ['PASSWORD']",
        "password = getpass.getpass('Password for {user}: ')",
        "token = \"changeme1\"",
        "api_key = 'your_api_key_123'",
        "API_KEY = \"<your key 1234>\"",
        "SECRET_KEY = 'dev'",
        "secret = 'xxxxxxxxxxxx1'",
        "secret = \"${VAULT_SECRET_1}\"",
        "password: 'Enter your password 2 times'",
        "token = 'access_token'",
        "token_url = 'https://example.org/oauth/token'",
        "PASSWORD_FIELD = 'password_confirmation'",
        "password_re = r'[a-z0-9]{8,}'",
        "tokens = ['NAME', 'NUMBER']",
        "if token == 'identifier':",
        "def f(token: str = 'NotImplemented'): ...",
        "secret='secret'",
        "auth = ('user', 'password')",
        "http://user:pass@host/",
        "proxy = 'http://user:password@proxy:8080'",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "'-----BEGIN PRIVATE KEY-----'",
        "AKIAIOSFODNN7EXAMPLE",
        "sk-learn-contrib, sk-toggleable__content-arrow",
        "eyJhbGciOiJIUzI1NiJ9",
        "digest = 'd41d8cd98f00b204e9800998ecf8427e'",
        "commit = '3b18e512dba79e4c8300dd08aeb37f8e728b8dad'",
        "TOKEN_PATTERN = re.compile(r\"(?P<token>[^\\s]+)1\")",
    ] {
        assert_eq!(kinds(text), [""; 0], "{text}");
        assert_eq!(redact(text), (text.to_owned(), 0));
    }
}

#[test]
fn what_is_redacted_is_clean() {
    let line = format!("a = 'ghp_{}'; password = \"{}\" # 😀 \n", noise(36), noise(12));
    let text = line.repeat(50);
    let (redacted, count) = redact(&text);
    assert_eq!(count, 100);
    assert_eq!(find(&redacted), []);
    assert_eq!(redact(&redacted), (redacted.clone(), 0));
    assert_eq!(redacted.lines().count(), 50);
}

#[test]
fn a_token_inside_a_literal_is_one_secret() {
    let text = format!("token = \"ghp_{}\"", noise(36));
    assert_eq!(kinds(&text).len(), 1);
}

#[test]
fn each_secret_has_a_mark_of_its_own() {
    let (a, b) = (noise(12), noise(30));
    let text = format!("password = '{a}'\ntoken = '{b}'\npasswd = '{a}'\n");
    let mut redactor =
        Redactor::apart_from(&["x = '<redacted:password:6>'", "<redacted:", "<redacted:jwt:x>"]);
    let marked = "password = '<redacted:password:7>'\ntoken = '<redacted:password:8>'\npasswd = '<redacted:password:7>'\n";
    assert_eq!(redactor.redact(&text), marked);
    // Where nothing tells that it is one.
    assert_eq!(redactor.redact(&format!("f('{b}')")), "f('<redacted:password:8>')");
    assert_eq!(redactor.count(), 4);
    assert_eq!(redactor.know(&a, "password"), "<redacted:password:7>");
    let told = format!("{redactor:?} {:?}", redactor.marked());
    assert!(!told.contains(&a) && !told.contains(&b), "{told}");
    // The lines of one secret are indented as its place is.
    let key = format!("-----BEGIN {}-----\n{}\n-----END {}-----", "PRIVATE KEY", noise(64), "PRIVATE KEY");
    let mut redactor = Redactor::default();
    let mark = redactor.know(&key, "private-key").to_owned();
    assert_eq!(redactor.redact(&key.replace('\n', "\n    ")), mark);
}

#[test]
fn names_are_known_in_any_case() {
    for text in ["\u{17f}ecret = '", "API_\u{212a}EY = '", "PassWd = '", "pwd: '"] {
        assert_eq!(kinds(&format!("{text}{}'", noise(20))), ["password"], "{text}");
    }
}

proptest::proptest! {
    /// What is looked for before an expression is asked hides nothing that it would find.
    #[test]
    fn hints_hide_nothing(
        parts in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), 0usize..80, 0usize..6), 0..6),
    ) {
        let hints: Vec<&str> = FORMS.iter().chain([&ASSIGNED]).flat_map(|form| form.hints.iter().copied()).collect();
        let between = ["", " ", "-1-2-", " = '", "_key: \"", ".x@y"];
        let text: String = parts
            .iter()
            .map(|(hint, length, next)| format!("{}{}{}", hints[hint.index(hints.len())], noise(*length), between[*next]))
            .collect();
        for form in &FORMS {
            proptest::prop_assert!(form.may_find(&text).is_some() || !form.regex().is_match(&text), "{} in {}", form.kind, text);
        }
        proptest::prop_assert!(assignments(&text).is_some() || !ASSIGNED.regex().is_match(&text), "{}", text);
    }
}
