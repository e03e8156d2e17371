//! What is read of a prompt file, and what is told of one that is wrong.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Prompt, Vec<FileError>> {
    parse(Path::new("x.prompt.md"), text)
}

/// Lines, keys and messages.
fn told(text: &str) -> String {
    let errors = read(text).expect_err(text);
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n").replace("x.prompt.md:", "")
}

const WHOLE: &str = "---\nname: x\ntitle: X of `{{ name }}`\ndescription: D\nkind: quickfix.redraft.x\nwhen:\n  languages: [python]\n  \
    nodes: function\n  is: [stub, code]\n  automatic: never\nreplace: body\nconfirm: true\ncontext:\n  tokens: 500\n  include: [tests]\n\
    model:\n  task: fix\n  name: big\nchecks: built-in\nrounds: 2\nrequires: [A, B]\ninputs:\n  - name: store\n    prompt: Which one?\n    default: redis\n  \
    - name: n\n    default: 3\nstop: END\nmax_tokens: 9\n---\nsystem\n\n<!-- user -->\nuser {{ input.store }}\n\n<!-- prefill -->\n```\n";

#[test]
fn all_keys_are_read() {
    let prompt = read(WHOLE).unwrap();
    assert_eq!(read(&WHOLE.replace('\n', "\r\n")).unwrap(), prompt);
    assert_eq!((prompt.replace, prompt.confirm, prompt.rounds), (Some(Replace::Body), true, Some(2)));
    assert_eq!(
        (prompt.task, prompt.model.as_deref(), prompt.checks),
        (Task::Fix, Some("big"), Checks::BuiltIn)
    );
    assert_eq!(prompt.when.conditions, [Condition::Stub, Condition::Code]);
    assert_eq!((prompt.when.nodes.as_slice(), &prompt.when.automatic), (&[NodeKind::Function][..], &None));
    assert_eq!((prompt.context.tokens, prompt.context.tests, prompt.context.rules), (Some(500), true, false));
    assert_eq!(prompt.inputs[1].default.as_deref(), Some("3"));
    let (system, user, prefill) =
        ("system".to_owned(), "user {{ input.store }}".to_owned(), Some("```\n".to_owned()));
    assert_eq!(prompt.body, Body::Whole { system, user, prefill });
    // Each key of the table is one that the reader asks for, and the other way round: one that is misspelt is told.
    for key in keys::KEYS {
        let last = key.path.rsplit('.').next().unwrap();
        let text = WHOLE.replacen(&format!("{last}:"), &format!("{last}x:"), 1);
        assert!(read(&text).is_err(), "{}", key.path);
    }
}

#[test]
fn little_is_needed() {
    let prompt =
        read("---\nreplace: node\nwhen: {nodes: function}\n---\nMake it {{ instruction }}.\n").unwrap();
    assert_eq!(
        (prompt.name.as_str(), prompt.title.as_str(), prompt.kind.as_str()),
        ("x", "x", "refactor.rewrite.redraft.x")
    );
    assert_eq!(prompt.body, Body::Instruction("Make it {{ instruction }}.".to_owned()));
    assert_eq!(
        (prompt.task, prompt.max_tokens, prompt.path.unwrap().to_str()),
        (Task::Refactor, 2_000, Some("x.prompt.md"))
    );
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_all_at_once() {
    let good = "---\nname: x\ntitle: X\nreplace: body\nmax_tokens: 9\n---\nsystem\n\n<!-- user -->\nuser\n";
    assert!(read(good).is_ok());
    for (text, expected) in [
        (String::new(), "1: the prompt says nothing"),
        ("---\nname: x\n".to_owned(), "1: no line `---` ends the front matter"),
        ("---\n- a\n---\nx\n".to_owned(), "2: front matter is a table of keys, and not a list"),
        (good.replace("title: X", "titel: X"), "3: titel: there is no such key. Did you mean \"title\"?"),
        (
            good.replace("max_tokens: 9", "max_tokens: many"),
            "5: max_tokens: wanted is a whole number from 1 to 100000, and not text",
        ),
        (
            good.replace("max_tokens: 9", "rounds: 11"),
            "5: rounds: wanted is a whole number from 0 to 10, and not a number",
        ),
        (
            good.replace("replace: body", "replace: bodi"),
            "4: replace: there is no \"bodi\"; there are body, selection, docstring, node, after, here, proposal, new-file. Did you mean \"body\"?",
        ),
        (good.replace("name: x", "name: y"), "2: name: \"y\" must be the file's name, \"x\""),
        (
            good.replace("title: X", "kind: edit"),
            "3: kind: \"edit\" is not below one of refactor.rewrite.redraft, quickfix.redraft, source.redraft",
        ),
        (
            good.replace("title: X", "when: {is: stubb, nodes: [function, x]}"),
            "3: when.nodes: there is no \"x\"; there are function, class, statement.\n3: when.is: there is no \"stubb\"",
        ),
        (
            good.replace("title: X", "when:\n  languages: [pyton]"),
            "4: when.languages: there is no language \"pyton\". Did you mean \"python\"?",
        ),
        (
            good.replace("title: X", "inputs:\n  - prompt: a\n  - name: b c"),
            "4: inputs.name: this is missing\n5: inputs.name: \"b c\" is no name",
        ),
        (good.replace("title: X", "title: \"{{ name\""), "3: title: syntax error"),
        (good.replace("system", "{{ path }}"), "7: the system part has no variables"),
        (good.replace("\nuser\n", "\nuser\n{{ path\n"), "11: syntax error"),
        (good.replace("\nuser\n", "\nuser\n{{ input.a }}\n"), "11: `input.a` is none of `inputs`"),
        (good.replace("system", "<!-- prefill -->"), "9: the parts come in order"),
        (
            good.replace("title: X", "stop: [a, {b: c}]\nchecks: 1"),
            "3: stop: wanted is text, and not a table\n4: checks: there is no \"1\"",
        ),
        (good.replace("\nuser\n", "\n{{ pth }}\n"), "10: there is no variable `pth`. Did you mean \"path\"?"),
        (good.replace("title: X", "title: '{{ path }}'"), "2: title: a title has no variable `path`"),
        (
            good.replace("\nuser\n", &format!("\n{{{{ 1{} }}}}\n", "+1".repeat(2_000))),
            "10: a tag has 4005 bytes",
        ),
        (good.replace("title: X", "stop: ['']"), "3: stop: an empty text says nothing"),
        (
            good.replace("replace: body", "replace: new-file").replace("title: X", "confirm: true"),
            "3: confirm: a prompt that replaces `new-file` cannot say this\n5: max_tokens: a prompt that replaces",
        ),
        ("---\nmode: agent\ncolour: red\n---\nx\n".to_owned(), "3: colour: there is no such key."),
    ] {
        let told = told(&text);
        let (told, expected): (Vec<&str>, Vec<&str>) = (told.lines().collect(), expected.lines().collect());
        assert_eq!(told.len(), expected.len(), "{told:?}\n{text}");
        assert!(
            told.iter().zip(&expected).all(|(told, expected)| told.starts_with(expected)),
            "{told:?}\n{text}"
        );
    }
    let wrong = parse(Path::new("a:b.prompt.md"), good).unwrap_err();
    assert!(wrong[0].message.contains("is no prompt's name"), "{wrong:?}");
}

#[test]
fn prompts_of_vs_code_are_read() {
    let text = "---\ndescription: Make a form\nagent: agent\nmodel: GPT-4o\ntools: ['githubRepo', 'search']\nargument-hint: what\n---\n\
        Make a form `${input:formName:What is it called?}` in ${file} by {{ this }} {% if %}.\n\n${selection} ${nothing} ${input:formName} ${input:b-c}\n";
    let prompt = read(text).unwrap();
    assert_eq!((prompt.title.as_str(), prompt.replace), ("Make a form", Some(Replace::Here)));
    let inputs: Vec<(&str, &str)> =
        prompt.inputs.iter().map(|input| (input.name.as_str(), input.prompt.as_str())).collect();
    assert_eq!(inputs, [("formName", "What is it called?"), ("b_c", "b-c")]);
    let answered = [("formName", "F"), ("b_c", "G")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let inputs = crate::prompt::Inputs {
        path: "a/b.py".to_owned(),
        selection: Some("x = 1".to_owned()),
        input: answered.into_iter().collect(),
        ..crate::prompt::Inputs::default()
    };
    let said = crate::prompt::instruction(&prompt, &inputs, "").unwrap().unwrap();
    assert_eq!(said, "Make a form `F` in a/b.py by {{ this }} {% if %}.\n\nx = 1 ${nothing} F G");
    // A brace before a variable, and a file of several dots.
    let braced = read("{ ${file}: {${fileBasenameNoExtension}} }").unwrap();
    let dotted = crate::prompt::Inputs { path: "a/b.test.py".to_owned(), ..inputs.clone() };
    let said = crate::prompt::instruction(&braced, &dotted, "").unwrap().unwrap();
    assert_eq!(said, "{ a/b.test.py: {b.test} }");
    let asks = read("---\nmode: ask\n---\nExplain it.\n").unwrap();
    assert_eq!((asks.replace, asks.task), (Some(Replace::Proposal), Task::Explain));
    // Without front matter, and with other names of the file.
    let prompt = read("Look at ${fileBasename}, ${fileDirname}, ${fileBasenameNoExtension}.").unwrap();
    let said = crate::prompt::instruction(&prompt, &inputs, "").unwrap().unwrap();
    assert_eq!(said, "Look at b.py, a, b.");
}

/// `prompts/README.md` lists the keys as the table has them; `REDRAFT_BLESS=1` writes them there.
#[test]
fn the_guide_lists_all_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/README.md");
    let guide = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = guide.split_once("<!-- keys -->\n").unwrap();
    let (_, tail) = rest.split_once("<!-- /keys -->\n").unwrap();
    let expected = format!("{head}<!-- keys -->\n{}<!-- /keys -->\n{tail}", keys::reference());
    if std::env::var_os("REDRAFT_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(guide == expected, "prompts/README.md lists other keys; REDRAFT_BLESS=1 writes them anew");
}

proptest! {
    /// Whatever a file holds, it is a prompt or there are errors, each with a line of it.
    #[test]
    fn any_text_is_a_prompt_or_told(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("---".to_owned()), Just("<!-- user -->".to_owned()), Just("<!-- prefill -->".to_owned()),
                Just("replace: body".to_owned()), Just("when: {is: stub}".to_owned()), Just("inputs: [{name: a}]".to_owned()),
                Just("{{ input.a }} ${input:b}".to_owned()), Just("{% if a %}".to_owned()), Just("{{ \"".to_owned()),
                "[a-z_]{1,9}: [ -~]{0,12}", "[ -~é]{0,20}",
            ],
            0..14,
        )
    ) {
        let text = lines.join("\n");
        match read(&text) {
            Ok(prompt) => prop_assert!(!prompt.title.is_empty() || text.contains("title")),
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                let count = text.lines().count().max(1);
                prop_assert!(errors.iter().all(|error| (1..=count + 1).contains(&error.line)), "{errors:?}\n{text}");
            }
        }
    }
}
