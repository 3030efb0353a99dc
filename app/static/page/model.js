// The page at /model: what is loaded, and how often it is right.
import {lines, reliability} from "./chart.js";
import {by, el} from "./dom.js";
import {startKey, startSwitches} from "./frame.js";
import {annotated} from "./annotated.js";
import {hue} from "./hues.js";
import {MODEL_STRINGS} from "./model-strings.js";
import {share, whole} from "./numbers.js";
import {language} from "./settings.js";
import {BASE, Refusal, get} from "./service.js";
import {addStrings, learnTitles, t, title} from "./strings.js";

addStrings(MODEL_STRINGS);

let chosen = null; // name of the model that is shown
let loaded = null; // {detail, labels, examples, figures}

const table = (head, rows) => el("table", {class: "plain-table"}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
const column = (name) => el("th", {scope: "col"}, name);
const rowOf = (name, cells, main = false) =>
  el("tr", {class: main ? "main" : null}, el("th", {scope: "row"}, name), cells.map((cell) => el("td", {}, cell)));
const bar = (number) => el("span", {class: "measure"}, el("i", {vars: {p: number}}), share(number));

function show() {
  if (!loaded) return;
  const {detail, labels, examples, figures} = loaded;
  document.title = `Slotline: ${detail.name} ${detail.version}`;
  by("name").textContent = `${detail.name} ${detail.version}`;
  const names = new Intl.DisplayNames([language()], {type: "language"});
  const languages = detail.languages.map((code) => names.of(code)).join(", ");
  by("tagline").textContent = t("tagline", {slots: detail.slots, intents: detail.intents, languages});
  by("card").textContent = detail.card;
  facts(detail);
  scores(detail.scores);
  calibration(detail);
  threshold(detail.calibration.span?.bins ?? []);
  labelList(labels, detail.scores.all?.labels ?? {}, examples);
  networks(figures);
  gradients(figures);
}

function facts(detail) {
  const entries = [
    [t("fact_languages"), detail.languages.join(", ")],
    [t("fact_slots"), `${detail.slots} + ${detail.intents}`],
    [t("fact_words"), detail.max_words],
    [t("fact_inputs"), detail.inputs.map((name) => name.replace("context.", "")).join(", ")],
    [t("fact_sha256"), el("code", {title: detail.sha256}, `${detail.sha256.slice(0, 12)}…`)],
  ];
  by("facts").replaceChildren(...entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function scores(bySource) {
  const rows = Object.entries(bySource).map(([source, found]) =>
    rowOf(source === "all" ? t("all_sources") : source, [
      whole(found.examples),
      found.slots.gold ? bar(found.slots.f1) : el("span", {class: "none"}, t("no_slots")),
      found.intent_count ? share(found.intent_accuracy) : "–",
      share(found.sentence_accuracy),
    ], source === "all"),
  );
  const head = ["source", "sentences", "slot_f1", "intent_right", "all_right"].map((name) => column(t(name)));
  by("scores").replaceChildren(table(head, rows));
}

function calibration({calibration: tables, scores: {all}}) {
  const errors = {span: all?.span_calibration_error, word: all?.word_calibration_error, intent: all?.intent_calibration_error};
  const figures = Object.keys(errors).filter((kind) => tables[kind]?.bins?.length).map((kind) => {
    const ece = errors[kind] === undefined ? "" : t("ece", {percent: share(errors[kind], 2)});
    const diagram = reliability(tables[kind].bins, {title: `${t(`kind_${kind}`)}: ${t("calibration_axes")}. ${ece}`, xName: t("confidence")});
    return el("figure", {}, el("figcaption", {}, t(`kind_${kind}`), " ", el("span", {class: "soft"}, ece)), diagram);
  });
  by("calibration").replaceChildren(...figures);
}

// From the reliability table: of all spans at or above an edge, how many are right, and how many are left.
export function accepted(bins) {
  const sum = (part, number) => part.reduce((total, bin) => total + number(bin), 0);
  const every = sum(bins, (bin) => bin.count);
  return bins
    .map((bin, index) => ({limit: bin.lower, above: bins.slice(index)}))
    .map(({limit, above}) => ({limit, count: sum(above, (bin) => bin.count), right: sum(above, (bin) => bin.count * bin.accuracy)}))
    .filter(({count}) => count > 0)
    .map(({limit, count, right}) => ({limit, precision: right / count, kept: count / every}));
}

function threshold(bins) {
  const steps = accepted(bins);
  by("threshold-part").hidden = steps.length === 0;
  if (steps.length === 0) return; // nothing was measured
  const curves = [
    {name: t("precision"), colour: "var(--accent)", points: steps.map(({limit, precision}) => [limit, precision])},
    {name: t("kept"), colour: "var(--warn)", points: steps.map(({limit, kept}) => [limit, kept])},
  ];
  const low = Math.floor(Math.min(...curves.flatMap((curve) => curve.points.map(([, up]) => up))) * 20) / 20;
  const chart = lines(curves, {
    x: [0, 0.25, 0.5, 0.75, 1].map((limit) => [limit, limit.toFixed(2)]), y: [0, 0.25, 0.5, 0.75, 1].map((part) => low + part * (1 - low)), low,
    title: t("threshold"), xName: "min_confidence",
  });
  by("threshold").replaceChildren(chart, keyOf(curves));
  const rows = steps.filter(({limit}) => limit === 0 || limit >= 0.39).map(({limit, precision, kept}) => rowOf(limit.toFixed(2), [share(precision), share(kept)]));
  by("threshold-table").replaceChildren(table([column("min_confidence"), column(t("precision")), column(t("kept"))], rows));
}

const keyOf = (curves) => el("ul", {class: "key"}, curves.map(({name, colour}) => el("li", {vars: {s: colour}}, name)));

function labelList(labels, found, examples) {
  const own = language() === "ru" ? 1 : 0;
  by("labels").replaceChildren(
    ...labels.slots.map(({name}) =>
      el("li", {vars: {h: hue(name)}},
        el("span", {}, el("b", {}, title(name)), " ", el("code", {}, name)),
        el("span", {class: "f1"}, found[name]?.gold ? `F1 ${share(found[name].f1)}` : ""),
        examples[name] ? exampleOf(name, examples[name][own]) : null),
    ),
  );
  by("intents").replaceChildren(...labels.intents.map(({name}) => el("li", {}, title(name), " ", el("code", {}, name))));
}

// "from [Oslo] to Rome" -> the words, with those of the slot marked, as a link that tries them
function exampleOf(name, marked) {
  const text = marked.replace(/[[\]]/g, "");
  const words = annotated(text, [{name, start: marked.indexOf("["), end: marked.indexOf("]") - 1}], language(), false);
  return el("a", {class: "example", href: new URL(`#${new URLSearchParams({text})}`, BASE)}, ...words.childNodes);
}

function networks({networks: rows}) {
  const best = rows.reduce((found, row) => (row.f1[0] > found.f1[0] ? row : found));
  by("networks").replaceChildren(
    table(
      ["network", "slot_f1", "pairs_right", "all_right", "parameters", "microseconds"].map((name) => column(t(name))),
      rows.map((row) => {
        const cells = [bar(row.f1[0]), share(row.pairs), share(row.sentence), whole(row.parameters), row.microseconds];
        return rowOf(row.name, cells, row === best);
      }),
    ),
  );
}

const CURVES = ["var(--accent)", ...[45, 145, 330, 90, 200].map((degrees) => `oklch(var(--stroke-l) 0.14 ${degrees})`)];

function gradients({lags, accuracy, norms}) {
  const [first, last] = [Math.log(lags[0]), Math.log(lags.at(-1))];
  const place = (lag) => (Math.log(lag) - first) / (last - first);
  const curves = accuracy.map(({name, by_lag}, index) => ({
    name, colour: CURVES[index % CURVES.length], points: by_lag.map((right, at) => [place(lags[at]), right]),
  }));
  by("lag").replaceChildren(
    lines(curves, {x: lags.map((lag) => [place(lag), lag]), y: [0.4, 0.6, 0.8, 1], low: 0.4, title: t("lag_title"), xName: t("lag_axis")}),
    keyOf(curves),
  );
  const head = ["network", "back_1", "back_5", "back_15"].map((name) => column(t(name)));
  by("gradients").replaceChildren(table(head, norms.map(({name, back}) => rowOf(name, back))));
}

async function load() {
  const {models} = await get("v1/models");
  chosen ??= models.find((entry) => entry.default)?.name ?? models[0].name;
  by("model").replaceChildren(...models.map(({name, version}) => el("option", {value: name, selected: name === chosen}, `${name} ${version}`)));
  by("which").hidden = models.length < 2;
  const [detail, labels, examples, figures] = await Promise.all([
    get(`v1/models/${encodeURIComponent(chosen)}`),
    get(`v1/labels?model=${encodeURIComponent(chosen)}`),
    get("static/page/label-examples.json"),
    get("static/page/networks.json"),
  ]);
  learnTitles(labels);
  loaded = {detail, labels, examples, figures};
  by("trouble").hidden = true;
  show();
}

function quietly(error) {
  if (!(error instanceof Refusal)) throw error;
  if (error.status === 401) return askKey();
  by("trouble").hidden = false;
  by("trouble").textContent = error.status === 0 ? t("unreachable_once") : error.message;
}

const askKey = startKey(() => load().catch(quietly));
startSwitches(show);
by("model").addEventListener("change", (event) => {
  chosen = event.target.value;
  load().catch(quietly);
});
load().catch(quietly);
