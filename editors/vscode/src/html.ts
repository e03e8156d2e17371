// Rendered Markdown made plain: it can be read, and nothing of it leads anywhere, is fetched, or hides.

/** What is left of it: tags that only say how a text is set. Any other is shown as the text that it is. */
const SETS = new Set([
  "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
  "kbd", "li", "mark", "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
]);

/** Attributes, by the name that they get: where a link would lead is told, and not followed. */
const KEEPS = new Map([["alt", "alt"], ["title", "title"], ["start", "start"], ["href", "title"]]);

const ATTRIBUTE = /\s+([\w:-]+)(?:="([^"]*)")?/g;

/** Each `<`, with the whole of the tag where one as a renderer writes it begins there. */
const TAG = /<(?:(\/?)([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>)?/gi;

/** A formula comes twice, for browsers with and without MathML; the second is text, but for the lines that are drawn in it. */
const FORMULA = /<math\b[^<]*(?:<(?!\/?math\b)[^<]*)*<\/math>|<svg\b[^<]*(?:<\/?(?:path|line)\b[^<]*)*<\/svg>/g;

/**
 * A model may have written HTML of its own, as broken as it likes: browsers make links of what no pattern foresees. So
 * nothing is looked for that is to go; each tag is written anew, and a `<` that begins none of ours is no longer one.
 */
export function plain(html: string): string {
  return html.replace(FORMULA, "").replace(TAG, (whole, slash: string | undefined, name: string | undefined, attributes: string | undefined) => {
    const tag = name?.toLowerCase();
    if (tag === undefined || !SETS.has(tag)) {
      return `&lt;${whole.slice(1)}`;
    }
    const kept = new Map<string, string>();
    for (const [, key = "", value = ""] of (slash ? "" : attributes ?? "").matchAll(ATTRIBUTE)) {
      const as = KEEPS.get(key.toLowerCase());
      if (as !== undefined) {
        kept.set(as, value);
      }
    }
    return `<${slash}${tag}${[...kept].map(([key, value]) => ` ${key}="${value}"`).join("")}>`;
  });
}
