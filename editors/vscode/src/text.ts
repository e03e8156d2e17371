// Ranges that move with a text, and edits of it: plain values, so that they are tested without VS Code.

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

export function compare(a: Position, b: Position): number {
  return a.line - b.line || a.character - b.character;
}

export function touches(a: Range, b: Range): boolean {
  return compare(a.start, b.end) <= 0 && compare(b.start, a.end) <= 0;
}

/** Where a position is once `edit` was made; one inside of what it takes away goes to the side that is said. */
function moved(position: Position, edit: TextEdit, side: "start" | "end"): Position {
  const { start, end } = edit.range;
  const order = compare(position, end);
  // At the very place of an insertion the start stays, and the end goes along: what is written at either edge is inside.
  if (compare(position, start) < 0 || (side === "start" && compare(position, start) === 0)) {
    return position;
  }
  const lines = edit.newText.split(/\r\n|\r|\n/);
  const last = lines[lines.length - 1] ?? "";
  const after: Position = {
    line: start.line + lines.length - 1,
    character: (lines.length === 1 ? start.character : 0) + last.length,
  };
  if (order < 0) {
    return side === "start" ? start : after;
  }
  return position.line === end.line
    ? { line: after.line, character: after.character + position.character - end.character }
    : { line: position.line + after.line - end.line, character: position.character };
}

/** A range once `edit` was made. */
export function mapped(range: Range, edit: TextEdit): Range {
  return { start: moved(range.start, edit, "start"), end: moved(range.end, edit, "end") };
}

/** The text with all edits made at once; their ranges are of the text as it is, as in LSP. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  const starts = [0];
  for (let at = 0; at < text.length; at += 1) {
    const isEnd = text[at] === "\n" || (text[at] === "\r" && text[at + 1] !== "\n");
    if (isEnd) {
      starts.push(at + 1);
    }
  }
  const offset = ({ line, character }: Position): number =>
    Math.min(text.length, (starts[line] ?? text.length) + character);
  const sorted = [...edits].sort((a, b) => compare(b.range.start, a.range.start));
  return sorted.reduce(
    (done, edit) => done.slice(0, offset(edit.range.start)) + edit.newText + done.slice(offset(edit.range.end)),
    text,
  );
}
