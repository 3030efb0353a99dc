// The text that is typed, and the colours behind its words. The text area is clear; a sheet of the same measure lies under it.
import {by, el} from "./dom.js";
import {hue} from "./hues.js";

let painted = {words: [], text: ""}; // what the colours stand for

// words: of an answer with utf16 offsets, each with `hueOf` (a label) already chosen
export function paint(words, text) {
  painted = {words, text};
  draw();
}

// The text has changed and no answer is here yet: every colour goes along with its word.
export function follow(text) {
  painted = {words: carried(painted.words, painted.text, text), text};
  draw();
}

// Words of `before` at their places in `after`; a word that was edited through stays as far as its beginning does.
export function carried(words, before, after) {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const shift = after.length - before.length;
  return words.flatMap((word) => {
    if (word.end <= head) return [word];
    if (word.start >= before.length - tail) return [{...word, start: word.start + shift, end: word.end + shift}];
    return word.start < head ? [{...word, end: Math.min(Math.max(word.end + shift, head), after.length)}] : [];
  });
}

function draw() {
  const {words, text} = painted;
  const coloured = words.filter((word) => word.label !== "O" && word.end > word.start);
  const parts = [];
  let at = 0;
  coloured.forEach((word, index) => {
    const before = coloured[index - 1];
    const between = text.slice(at, word.start);
    const joined = before?.span !== undefined && before.span === word.span;
    parts.push(joined ? mark(between, before.confidence < word.confidence ? before : word, "joint") : between);
    parts.push(mark(text.slice(word.start, word.end), word, "", joined, coloured[index + 1]?.span === word.span && word.span !== undefined));
    at = word.end;
  });
  // the space at the end gives an empty last line its height
  by("paint").replaceChildren(...parts, `${text.slice(at)}\u200b`);
}

function mark(text, word, kind, joinedBefore = false, joinedAfter = false) {
  const classes = [kind, word.doubtful && "doubtful", word.partial && "partial", joinedBefore && "inner-start", joinedAfter && "inner-end"];
  const vars = {h: hue(word.label), p: word.confidence};
  return el("mark", {"data-slot": word.label, class: classes.filter(Boolean).join(" ") || null, vars}, text);
}
