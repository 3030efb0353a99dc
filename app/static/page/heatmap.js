// The whole distribution as a table: a row for each word, a column for each label.
import {by, el} from "./dom.js";
import {hue} from "./hues.js";
import {hundredths} from "./numbers.js";
import {t, title} from "./strings.js";

const MATTERS = 0.02; // a label that is likelier at no word, and was chosen for none, is not shown by default
const MOST = 9; // of them, unless more were chosen

let everything = false;
let last = null;

export function startHeat() {
  by("all-labels").addEventListener("click", () => {
    everything = !everything;
    if (last) heat(last);
  });
}

// answer: of POST /v1/parse with words and distribution
export function heat(answer) {
  last = answer;
  const {labels, probabilities} = answer.distribution;
  by("all-labels").textContent = everything ? t("few_labels") : t("all_labels", {n: labels.length});
  by("all-labels").setAttribute("aria-pressed", everything);
  by("all-labels").hidden = probabilities.length === 0;
  const columns = probabilities.length ? columnsOf(answer) : [];
  const shown = probabilities.length ? table(answer.words, labels, probabilities, columns) : el("p", {class: "soft"}, t("nothing_yet"));
  by("heat").replaceChildren(shown);
}

function columnsOf({words, distribution: {labels, probabilities}}) {
  const slots = labels.map((_, column) => column).filter((column) => labels[column] !== "O");
  const none = labels.indexOf("O");
  if (everything) return [none, ...slots];
  const chosen = new Set(words.map((word) => word.slot));
  const weight = (column) => Math.max(...probabilities.map((row) => row[column])) + (chosen.has(labels[column]) ? 1 : 0);
  const mattering = slots.filter((column) => weight(column) >= MATTERS).sort((a, b) => weight(b) - weight(a));
  const shown = mattering.filter((column, place) => place < MOST || chosen.has(labels[column]));
  return [none, ...shown.sort((a, b) => firstRow(probabilities, a) - firstRow(probabilities, b))];
}

// Where in the sentence the label is likeliest: columns then stand in the order of the words.
const firstRow = (probabilities, column) =>
  probabilities.reduce((best, row, index) => (row[column] > probabilities[best][column] ? index : best), 0);

function table(words, labels, probabilities, columns) {
  const first = el("th", {scope: "col"}, el("span", {class: "unseen"}, t("word")));
  const head = el("tr", {}, first, columns.map((column) => heading(labels[column])));
  const cells = (word, row) => columns.map((column) => cell(labels[column], probabilities[row][column], word.slot === labels[column]));
  const body = words.map((word, row) => el("tr", {}, el("th", {scope: "row"}, word.text), cells(word, row)));
  const caption = el("caption", {class: "unseen"}, t("heat"));
  return el("table", {vars: {columns: columns.length}}, caption, el("thead", {}, head), el("tbody", {}, body));
}

const heading = (label) => el("th", {scope: "col", "data-label": label, vars: {h: hue(label)}}, el("span", {}, title(label)));

function cell(label, probability, chosen) {
  const classes = [label === "O" && "none", chosen && "chosen", probability > 0.55 && "strong"].filter(Boolean).join(" ");
  const text = probability >= 0.005 ? String(hundredths(probability)) : "";
  return el("td", {class: classes || null, vars: {h: hue(label), p: probability.toFixed(3)}}, text);
}
