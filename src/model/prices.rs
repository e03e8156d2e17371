//! What is known of hosted models without asking anyone: their prices, windows and abilities, as a public table had them on one
//! day (`scripts/update_prices.py` writes `prices.txt`, and says what is in it). Facts that a user's configuration overrides;
//! what is not there is not known: no price is guessed from a name that looks alike.

use std::sync::LazyLock;

use super::address::BaseUrl;
use super::spec::{Abilities, Price};
use super::{MicroUsd, Tokens};

/// What the table has of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub price: Price,
    /// The largest prompt that `price` holds for: less than the model takes, where longer prompts cost more.
    pub window: Tokens,
    /// The most that it answers.
    pub output: Option<Tokens>,
    pub abilities: Abilities,
    /// Whether it reasons before it answers, which is paid for as an answer is.
    pub reasons: bool,
}

const TEXT: &str = include_str!("prices.txt");

/// Parsed when a hosted model is looked up first: a start with local ones does not pay for it.
static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| parse(TEXT));

/// Whose API is at `hosts`, with its models.
#[derive(Debug)]
struct Provider {
    hosts: Vec<&'static str>,
    models: Vec<(&'static str, Known)>,
}

/// What is known of the model that the provider at `base_url` calls `id`. The host is the provider's own, and the id is one of
/// the table's, both to the letter; or the id is one of those with a date behind it (`-2024-08-06`, `-20240806`) that is no
/// later than the table: the table leaves out what does not differ from the undated one. Nothing is known of servers on this machine.
#[must_use]
pub fn known(base_url: &BaseUrl, id: &str) -> Option<Known> {
    if base_url.is_loopback() {
        return None;
    }
    let host = base_url.host();
    let provider = PROVIDERS.iter().find(|provider| provider.hosts.contains(&host))?;
    let find = |id: &str| provider.models.iter().find(|(name, _)| *name == id).map(|(_, known)| *known);
    find(id).or_else(|| find(undated(id, date())?))
}

/// Whether the provider at `base_url` is one of the table's.
#[must_use]
pub fn is_known(base_url: &BaseUrl) -> bool {
    PROVIDERS.iter().any(|provider| provider.hosts.contains(&base_url.host()))
}

/// The day of the table, as `2026-01-31`.
#[must_use]
pub fn date() -> &'static str {
    head().next_back().unwrap_or_default()
}

/// All models that are known: the host of the provider, its id of the model, and what is known.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str, &'static Known)> {
    let hosts = PROVIDERS.iter().filter_map(|provider| Some((*provider.hosts.first()?, &provider.models)));
    hosts.flat_map(|(host, models)| models.iter().map(move |(id, known)| (host, *id, known)))
}

/// The first line: where the table is from, its version, its day.
fn head() -> std::str::SplitWhitespace<'static> {
    TEXT.lines().next().unwrap_or_default().split_whitespace()
}

/// `id` without the date at its end, if it has one that is not after `last`.
fn undated<'a>(id: &'a str, last: &str) -> Option<&'a str> {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).map(char::from).collect::<String>();
    ["-0000-00-00", "-00000000"].into_iter().find_map(|shape| {
        let (undated, tail) = id.split_at_checked(id.len().checked_sub(shape.len())?)?;
        let same = |(is, should): (u8, u8)| if should == b'0' { is.is_ascii_digit() } else { is == should };
        let is_date = tail.bytes().zip(shape.bytes()).all(same) && tail.starts_with("-20");
        (is_date && digits(tail) <= digits(last)).then_some(undated)
    })
}

/// The table's providers. A line that is not as it should be is no model; a test sees that there is none.
fn parse(text: &'static str) -> Vec<Provider> {
    let mut providers: Vec<Provider> = Vec::new();
    for line in text.lines().skip(1) {
        if let Some(hosts) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let hosts = hosts.split_whitespace().collect();
            providers.push(Provider { hosts, models: Vec::new() });
        } else if let (Some(provider), Some(model)) = (providers.last_mut(), model(line)) {
            provider.models.push(model);
        }
    }
    providers
}

/// A line of the table: `id,input,cached,output,window,most,abilities`, and the price of writing to a cache where there is one.
fn model(line: &'static str) -> Option<(&'static str, Known)> {
    let mut fields = line.split(',');
    let id = fields.next()?;
    let mut price = || fields.next()?.parse().ok().map(MicroUsd);
    let price = Price { input: price()?, cached: price()?, output: price()?, written: None };
    let window = Tokens(fields.next()?.parse().ok()?);
    let output = match fields.next()? {
        "" => None,
        most => Some(Tokens(most.parse().ok()?)),
    };
    let letters = fields.next()?;
    let abilities =
        Abilities { fim: letters.contains('f'), tools: letters.contains('t'), images: letters.contains('i') };
    let reasons = letters.contains('r');
    let written = match fields.next() {
        None => None,
        Some(written) => Some(MicroUsd(written.parse().ok()?)),
    };
    let price = Price { written, ..price };
    fields.next().is_none().then_some((id, Known { price, window, output, abilities, reasons }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known_at(url: &str, id: &str) -> Option<Known> {
        known(&BaseUrl::parse(url).unwrap(), id)
    }

    /// Every line is read, as it was meant: the rules of the script that wrote it hold.
    #[test]
    fn the_table_is_whole() {
        let models = TEXT.lines().skip(1).filter(|line| !line.starts_with('[')).count();
        assert_eq!(all().count(), models);
        assert!(TEXT.len() < 60_000, "{} bytes", TEXT.len());
        assert_eq!(head().count(), 3);
        let page = include_str!("../../docs/configuration.md");
        assert!(page.contains(&format!("**{}**", date())), "docs/configuration.md tells another day");
        assert_eq!(undated(&format!("x-{}", date()), "2999-12-31"), Some("x"), "{}", date());
        for (host, id, known) in all() {
            let Price { input, cached, written, output } = known.price;
            assert!(written.is_none_or(|written| written > input), "{host} {id}: {known:?}");
            assert!(
                input > MicroUsd(0) && output > MicroUsd(0),
                "{host} {id}: what costs nothing is not reserved"
            );
            assert!(cached > MicroUsd(0) && cached <= input, "{host} {id}: {known:?}");
            // The dearest model that was ever sold asked for less than 1,000 dollars a million tokens.
            assert!(input.0.max(output.0) < 1_000_000_000, "{host} {id}: {known:?}");
            assert!(
                known.window >= Tokens(8_192) && known.output != Some(Tokens(0)),
                "{host} {id}: {known:?}"
            );
            assert_eq!(
                known_at(&format!("https://{host}/v1"), id),
                Some(*known),
                "{host} {id} is there twice"
            );
        }
    }

    #[test]
    fn providers_are_known_by_their_hosts() {
        for (url, id) in [
            ("https://api.openai.com/v1", "gpt-4o"),
            ("https://API.openai.com:443/v1", "gpt-4o"),
            ("https://api.anthropic.com", "claude-sonnet-4-6"),
            ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-3.5-flash"),
            ("https://api.mistral.ai/v1", "codestral-latest"),
            ("https://api.deepseek.com", "deepseek-v4-pro"),
            ("https://api.x.ai/v1", "grok-4.5"),
            ("https://api.groq.com/openai/v1", "openai/gpt-oss-120b"),
            ("https://api.together.ai/v1", "openai/gpt-oss-120b"),
        ] {
            assert!(known_at(url, id).is_some_and(|known| known.abilities.tools), "{url} {id}");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_not_known() {
        for (url, id) in [
            ("http://127.0.0.1:8080/v1", "gpt-4o"),
            ("http://localhost/v1", "gpt-4o"),
            ("https://proxy.example/v1", "gpt-4o"),
            ("https://api.openai.com.example/v1", "gpt-4o"),
            ("https://eu.api.openai.com/v1", "gpt-4o"),
            ("https://api.openai.com/v1", "GPT-4o"),
            ("https://api.openai.com/v1", "gpt-4o-"),
            ("https://api.openai.com/v1", "openai/gpt-4o"),
            ("https://api.openai.com/v1", "gpt-4o-2999-01-01"),
            ("https://api.openai.com/v1", "claude-sonnet-4-6"),
            ("https://api.openai.com/v1", "-2024-08-06"),
            ("https://api.openai.com/v1", ""),
        ] {
            assert_eq!(known_at(url, id), None, "{url} {id}");
        }
    }

    #[test]
    fn a_dated_id_is_as_the_undated_one_unless_the_table_has_it() {
        let openai = |id| known_at("https://api.openai.com/v1", id).unwrap();
        assert_eq!(openai("gpt-4o-2024-08-06"), openai("gpt-4o"));
        let first = openai("gpt-4o-2024-05-13");
        assert!(first.price.input > openai("gpt-4o").price.input, "its first version cost more: {first:?}");
        let anthropic = |id| known_at("https://api.anthropic.com", id).unwrap();
        assert_eq!(anthropic("claude-haiku-4-5-20251001"), anthropic("claude-haiku-4-5"));
        for (id, expect) in [
            ("a-2024-08-06", Some("a")),
            ("a-20240806", Some("a")),
            ("a-b-20260131", Some("a-b")),
            ("a-20260201", None),
            ("a-19990101", None),
            ("a-2024-0806", None),
            ("a-202408", None),
            ("ü20240806", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(undated(id, "2026-01-31"), expect, "{id}");
        }
    }
}
