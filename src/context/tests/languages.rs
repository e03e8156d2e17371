//! What is gathered in other languages than Python, and how it reads.

use super::*;

fn check(fixture: &str, want: &str) {
    let workspace = Workspace::new(fixture);
    let context = gathered(&workspace, &workspace.index, "", &[], 1_000);
    assert_eq!(render::render(&context, workspace.view().language().comment), want, "{fixture}");
}

#[test]
fn rust_has_its_impl_and_what_is_mentioned() {
    check(
        concat!(
            "//- src/lib.rs\nuse std::fmt;\nuse std::collections::HashMap as Map;\n\n/// Holds items.\nstruct Stack {\n    items: Vec<Item>,\n}\n\nimpl Stack {\n",
            "    /// Adds one.\n    fn push(&mut self, item: Item) {\n        self.items.push(item);\n    }\n\n",
            "    fn peek(&self) -> Option<&Item> {\n        todo!()$0\n    }\n\n    fn later(&self) {\n        todo!()\n    }\n}\n",
            "//- src/item.rs\npub struct Item {\n    pub name: String,\n}\n//- item.py\ndef peek_item(stack): return stack\n"
        ),
        concat!(
            "// src/item.rs\npub struct Item {pub name: String}\n\n// src/lib.rs\nuse std::fmt;\nuse std::collections::HashMap as Map;\n",
            "/// Holds items.\nstruct Stack {items: Vec<Item>}\nimpl Stack {\n    /// Adds one.\n    fn push(&mut self, item: Item) {\n        self.items.push(item);\n    }\n    fn later(&self)"
        ),
    );
}

#[test]
fn typescript_follows_relative_imports() {
    check(
        concat!(
            "//- src/a.ts\nimport { Shape, area as areaOf } from \"./shapes\";\nimport React from \"react\";\n\nexport function total(shapes: Shape[]): number {\n  throw new Error(\"TODO\");$0\n}\n",
            "//- src/shapes/index.ts\n/**\n * What has an area.\n * @public\n */\nexport interface Shape { kind: string; }\nexport const area = (shape: Shape): number => {\n  return 1;\n};\n",
            "//- other/far.ts\nexport function nothing(): void {}\n"
        ),
        concat!(
            "// src/shapes/index.ts\n/** What has an area. */\ninterface Shape { kind: string; }\nconst area = (shape: Shape): number => {\n  return 1;\n};\n\n",
            "// src/a.ts\nimport React from \"react\";"
        ),
    );
}

#[test]
fn go_has_what_its_package_defines() {
    check(
        concat!(
            "//- pkg/a.go\npackage pkg\n\nimport \"fmt\"\n\n// Total sums.\nfunc Total(s *Stack) int {\n\tpanic(\"not implemented\")$0\n}\n",
            "//- pkg/stack.go\npackage pkg\n\n// Stack holds numbers.\ntype Stack struct {\n\titems []int\n}\n\n// Sum adds all.\nfunc (s *Stack) Sum() int {\n\treturn 0\n}\n"
        ),
        concat!(
            "// pkg/stack.go\n// Stack holds numbers.\ntype Stack struct {items []int}\n// Sum adds all.\nfunc (s *Stack) Sum() int {\n\treturn 0\n}\n\n",
            "// pkg/a.go\nimport \"fmt\""
        ),
    );
}

#[test]
fn others_have_what_stands_beside() {
    check(
        "//- a/Store.java\npackage a;\n\nclass Store {\n    private Path path;\n\n    /** Loads it. */\n    String load() {\n        return path.read();\n    }\n\n    String path() {\n        throw new UnsupportedOperationException();$0\n    }\n}\n//- a/Path.java\npackage a;\n\n/** Where it is. */\npublic class Path {\n    String read() { return \"\"; }\n}\n",
        "// a/Path.java\n/** Where it is. */\npublic class Path {\n\n// a/Store.java\nclass Store {\n    private Path path;\n    /** Loads it. */\n    String load() {\n        return path.read();\n    }",
    );
    check(
        "//- a.c\n#include \"list.h\"\n\n#define MOST 3\n\nint count(struct list *list) {$0}\n//- list.h\n#ifndef LIST_H\n#define LIST_H\n/** Some numbers. */\nstruct list { int value; };\nint sum(const struct list *list);\n#endif\n",
        "// list.h\n#define LIST_H\n/** Some numbers. */\nstruct list { int value; }\nint sum(const struct list *list);\n\n// a.c\n#include \"list.h\"\n#define MOST 3",
    );
    check(
        "//- a.cpp\n#include \"box.hpp\"\n\nint Box::count() {$0}\n//- box.hpp\nnamespace n {\ntemplate <typename T>\nclass Box {\npublic:\n    int count();\n    T &get() { return value_; }\nprivate:\n    T value_;\n};\n}\n",
        "// box.hpp\nnamespace n {\n    class Box {\n        int count();\n\n// a.cpp\n#include \"box.hpp\"",
    );
    check(
        "//- A.cs\nusing System;\nnamespace N\n{\n    class A\n    {\n        int B { get; set; }\n        int F(Other other) {$0}\n    }\n}\n//- Other.cs\nclass Other\n{\n    /// <summary>Twice.</summary>\n    public int Twice(int x) => x * 2;\n}\n",
        "// Other.cs\nclass Other {\n    /// <summary>Twice.</summary>\n    public int Twice(int x) => x * 2;\n\n// A.cs\nusing System;\nclass A {\n    int B { get; set; }",
    );
    check(
        "//- lib/a.rb\nrequire_relative \"item\"\n\nclass Stack\n  # Adds one.\n  def push(item)\n    @items << item\n  end\n\n  def peek(item)\n    raise NotImplementedError$0\n  end\nend\n//- lib/item.rb\n# What is kept.\nclass Item\n  def name = @name\nend\n",
        "# lib/item.rb\n# What is kept.\nclass Item\n\n# lib/a.rb\nclass Stack\n    # Adds one.\n    def push(item)\n      @items << item\n    end",
    );
    check(
        "//- a/Store.php\n<?php\n\nnamespace A;\n\nuse A\\Path;\n\nclass Store\n{\n    private Path $path;\n\n    public function load(): string {$0}\n}\n//- a/Path.php\n<?php\n\nnamespace A;\n\n/** Where it is. */\nfinal class Path\n{\n    public function read(): string { return ''; }\n}\n",
        "// a/Path.php\n/** Where it is. */\nfinal class Path {\n\n// a/Store.php\nuse A\\Path;\nclass Store {\n    private Path $path;",
    );
}
