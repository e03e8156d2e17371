import assert from "node:assert/strict";
import { test } from "node:test";
import { plain } from "../src/html";

/** Every tag of a page: nothing else of it begins with `<`, and no tag has more than words about it. */
const OURS = /<\/?[a-z][a-z0-9]*(?: (?:alt|title|start)="[^"]*")*>/g;

const HOSTILE = [
  '<a href="https://evil.example/">x</a>',
  '<svg><a xlink:href="https://evil.example/"><text>x</text></a></svg>',
  '<div><a/href="https://evil.example/">x</a></div>',
  "<a\nhref=https://evil.example/>x</a>",
  '<a title=a"b href=https://evil.example/>x</a>',
  '<a " href=https://evil.example/>x</a>',
  "<a ' href=https://evil.example/>x</a>",
  '<!-- <b " --> <a x=">" href=https://evil.example/>x</a>',
  "<!--><a href=https://evil.example/>x</a>-->",
  '<a x="\nhref=https://evil.example/>x</a>',
  '<A HREF="command:workbench.action.quit">x</A>',
  '<a title="x"href="https://evil.example/">x</a>',
  "<a href =\t'https://evil.example/'>x</a>",
  '<math><mtext href="https://evil.example/">x</mtext>',
  '<math><style></math><a title="</style><a href=https://evil.example/>">x</a>',
  '<area href="https://evil.example/"><base href="https://evil.example/"><form action="https://evil.example/"><button>x',
  '<noscript><a title="</noscript><a href=https://evil.example/>">',
  "<textarea><a href=x></textarea><script>x</script><iframe src=x></iframe><meta http-equiv=refresh content='0;url=x'>",
  '<p style="position:fixed" onclick="x" id="x" class="x">x',
  "<a\u0000href=x><a\u000chref=x><a\u00a0href=x><<a href=x>",
];

test("nothing that a model writes is a link, or any tag but ours", () => {
  for (const html of [...HOSTILE, HOSTILE.join(""), HOSTILE.join('"'), HOSTILE.join("'")]) {
    const left = plain(html).replace(OURS, "");
    assert.doesNotMatch(left, /</, html);
  }
});

test("a link says where it would lead", () => {
  assert.equal(plain('<a href="https://a.example/?b&amp;c" data-href="d">x</a>'), '<a title="https://a.example/?b&amp;c">x</a>');
});

test("what is shown is what was written", () => {
  const shown = '<pre><code>&lt;a href="/x"&gt; href={next} data-href = 1\n</code></pre>';
  assert.equal(plain(shown), shown);
  assert.equal(plain("a List<String> and 1 < 2"), "a List&lt;String> and 1 &lt; 2");
});

test("Markdown is set as before", () => {
  const rows: [string, string][] = [
    ['<h1 data-line="0" class="code-line" dir="auto" id="a">A</h1>', "<h1>A</h1>"],
    ['<ol start="3">\n<li>a<br />b</li>\n</ol>', '<ol start="3">\n<li>a<br>b</li>\n</ol>'],
    ['<img src="https://a.example/" alt="a picture">', '<img alt="a picture">'],
    ['<td style="text-align:right">1</td>', "<td>1</td>"],
    ['<span class="katex"><math xmlns="x"><mi>n</mi></math><span aria-hidden="true">n</span></span>', "<span><span>n</span></span>"],
    ["<span>√<svg width='4em'><path d='M9 7'/></svg>2</span>", "<span>√2</span>"],
  ];
  for (const [html, wanted] of rows) {
    assert.equal(plain(html), wanted);
  }
});
