// A sentence with its slots written under their words.
import {el} from "./dom.js";
import {hue} from "./hues.js";
import {percent} from "./numbers.js";
import {title} from "./strings.js";

// text, and slots [{name, start, end, confidence?}] with utf16 offsets -> a paragraph; named: whether the slots' titles are written
export function annotated(text, slots, lang, named = true) {
  const parts = [];
  let at = 0;
  for (const slot of slots) {
    parts.push(text.slice(at, slot.start), named ? span(text.slice(slot.start, slot.end), slot) : mark(text.slice(slot.start, slot.end), slot));
    at = slot.end;
  }
  return el("p", {class: "annotated", lang}, ...parts, text.slice(at));
}

function span(words, {name, confidence}) {
  const sure = confidence === undefined ? "" : ` ${percent(confidence)}`;
  return el("span", {class: "span"}, mark(words, {name, confidence}), el("span", {class: "under"}, title(name) + sure));
}

const mark = (words, {name, confidence}) => el("mark", {"data-slot": name, vars: {h: hue(name), p: confidence ?? 1}}, words);
