//! That every prompt file is sound, and what a model is shown.

use super::*;

fn inputs() -> Inputs {
    let text = |text: &str| Some(text.to_owned());
    Inputs {
        language: "Python".to_owned(),
        fence: "python".to_owned(),
        comment: "#".to_owned(),
        path: "pkg/shapes.py".to_owned(),
        name: text("Circle.area"),
        method: true,
        instruction: None,
        opening: text("def area(self) -> float:\n    \"\"\"In square metres.\"\"\""),
        function: text("def area(self) -> float:\n    \"\"\"In square metres.\"\"\"\n    ..."),
        selection: text("x = 1"),
        diagnostic: text("undefined name `y` [ruff F821]"),
        before: "def f():\n".to_owned(),
        after: "\n    return x".to_owned(),
        findings: vec![Fault { line: "y = x + 1".to_owned(), message: "`x` is bound nowhere".to_owned() }],
        rejected: text("the draft is empty"),
        tried: vec!["`z` is bound nowhere".to_owned()],
        afresh: false,
    }
}

fn context() -> Context {
    let excerpt = |text: &str| crate::context::Excerpt {
        label: "pkg/shapes.py".to_owned(),
        line: 0,
        name: String::new(),
        likely: 1.0,
        text: text.to_owned(),
        reason: crate::context::Reason::Import,
        tokens: 5,
    };
    Context { excerpts: vec![excerpt("import math")], omitted: 0 }
}

#[test]
fn every_file_is_sound() {
    let names: Vec<&str> = library().iter().map(|prompt| prompt.name.as_str()).collect();
    assert_eq!(names, FILES.map(|(name, _)| name));
    for prompt in library() {
        assert!(
            // A redraft goes on from a question that has one.
            (!prompt.system.is_empty() || prompt.name == "redraft")
                && !prompt.title.is_empty()
                && !prompt.description.is_empty(),
            "{}",
            prompt.name
        );
        for context in [context(), Context::default()] {
            for instruction in [None, Some("be quick".to_owned())] {
                let rendered = render_with(prompt, &Inputs { instruction, ..inputs() }, &context).unwrap();
                assert!(
                    !rendered.user.contains("\n\n\n") && !rendered.user.starts_with('\n'),
                    "{}",
                    rendered.user
                );
                assert!(rendered.user.matches("```").count().is_multiple_of(2), "{}", rendered.user);
            }
        }
    }
}

#[test]
fn the_function_to_write_comes_last() {
    let rendered = render("implement", &inputs(), &context()).unwrap();
    assert_eq!(
        rendered.user,
        concat!(
            "The project has, among others:\n\n```python\n# pkg/shapes.py\nimport math\n```\n\n",
            "Write the Python method `Circle.area` of `pkg/shapes.py` in full.\n\n",
            // Without the placeholder: small models copy it.
            "```python\ndef area(self) -> float:\n    \"\"\"In square metres.\"\"\"\n```",
        )
    );
    assert_eq!(
        rendered.prefill.as_deref(),
        Some("```python\ndef area(self) -> float:\n    \"\"\"In square metres.\"\"\"\n")
    );
    let told = render(
        "implement",
        &Inputs { instruction: Some("Use `math`.".to_owned()), ..inputs() },
        &Context::default(),
    );
    let told = told.unwrap().user;
    assert!(
        told.starts_with(
            "Write the Python method `Circle.area` of `pkg/shapes.py` in full.\nUse `math`.\n\n```python\ndef"
        ),
        "{told}"
    );
    let docstring = render("docstring", &inputs(), &context()).unwrap();
    assert_eq!(docstring.prefill.as_deref(), Some("```python\n\"\"\""));
}

#[test]
fn the_rest_shows_where_the_part_stands() {
    let rendered = render("fix", &inputs(), &Context::default()).unwrap();
    assert_eq!(
        rendered.user,
        concat!(
            "The part to correct stands here:\n\n```python\ndef f():\n<<the part to correct>>\n    return x\n```\n\n",
            "A checker says of this part of `pkg/shapes.py`: undefined name `y` [ruff F821]\n\n```python\nx = 1\n```",
        )
    );
}

#[test]
fn code_cannot_close_its_fence() {
    let selection = Some("s = '''\n````\nx\n'''".to_owned());
    let rendered = render(
        "rewrite",
        &Inputs { selection, instruction: Some("{{ path }}".to_owned()), ..inputs() },
        &context(),
    )
    .unwrap();
    assert!(rendered.user.ends_with("`````python\ns = '''\n````\nx\n'''\n`````"), "{}", rendered.user);
    // What the user or the code says is text, never a template.
    assert!(rendered.user.contains("Rewrite this part of `pkg/shapes.py`: {{ path }}"));
}

#[test]
fn unsound_files_are_told_with_their_line() {
    let good = "---\nname: x\ntitle: X\ndescription: D\nreplace: body\nmax_tokens: 9\n---\nsystem\n\n<!-- user -->\nuser\n";
    assert!(parse("x", good).is_ok());
    assert_eq!(parse("x", &good.replace('\n', "\r\n")), parse("x", good));
    for (text, line, message) in [
        (String::new(), 1, "front matter"),
        ("name: x\n".to_owned(), 1, "front matter"),
        (good.replace("title: X", "colour: red"), 3, "colour"),
        (good.replace("max_tokens: 9", "max_tokens: many"), 6, ""),
        (good.replace("replace: body", "replace: world"), 5, "world"),
        (good.replace("name: x", "name: y"), 2, "file's name"),
        (good.replace("<!-- user -->", ""), 8, "user"),
        (good.replace("system", "{{ path }}"), 8, "system"),
        (good.replace("\nuser\n", "\nuser\n{{ path\n"), 12, ""),
        (good.replace("\nuser\n", "\n{% if path %}\n"), 12, ""),
        (good.replace("system", "<!-- prefill -->"), 10, "order"),
    ] {
        let error = parse("x", &text).unwrap_err();
        assert!(error.message.contains(message), "{error}\n{text}");
        assert!(error.line.abs_diff(line) <= 1, "{error} is not at {line}\n{text}");
    }
    let unknown = parse("x", &good.replace("\nuser\n", "\n{{ nothing }}\n")).unwrap();
    assert!(matches!(render_with(&unknown, &inputs(), &context()), Err(RenderError::Template { .. })));
    assert!(matches!(render("none", &inputs(), &context()), Err(RenderError::Unknown(_))));
}

#[test]
fn keys_in_the_code_of_the_project_do_not_come_out() {
    let key = "Zk3vQ9xW7tR2mL5pY8cB1nD6fG4hJ0sA";
    let long = key.repeat(12);
    let token = format!("ghp_{}", &long[..36]);
    let fixture = format!(
        "//- a.py\nfrom conf import *\ndef connect(api_key='{key}'):\n    $0pass\n//- conf.py\nAPI_KEY = '{key}'\n\
         SECRET_KEY = \"{long}\"\nTABLE = {{'name': 'x', 'password': '{key}'}}\nTOKEN = '{token}'\n\
         def connect_all(password='{key}'):\n    '''Uses {token}.'''\n    token = '{key}'\n    return token\n"
    );
    let workspace = crate::workspace::fixture::Workspace::new(&fixture);
    let (text, focus, region) = workspace.place();
    let view = workspace.view();
    let shown = |budget| {
        let (focus, region) = (&focus, &region);
        let ask =
            crate::context::Ask { text: &text, focus, region, hint: "", recent: &[], budget, least: 0.0 };
        crate::context::gather(&view, &ask).render("#")
    };
    for budget in [30, 60, 100, 200, 2_000] {
        let redacted = secret::Redactor::default().redact(&shown(budget));
        assert!(!redacted.contains(&key[..8]), "{redacted}");
    }
    let all = shown(2_000);
    assert!(all.contains("API_KEY") && all.contains("SECRET_KEY = …"), "{all}");
}
