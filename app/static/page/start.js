// The page at /: what is typed is read, and every part of the page shows the newest answer.
import {Asker} from "./asking.js";
import {showCode, startCode, nameTabs} from "./code.js";
import {follow, paint} from "./composer.js";
import {contextFields, offer, requestBody, showExpected, startContext, takeContextFields, timeContext} from "./context.js";
import {by, el} from "./dom.js";
import {EXAMPLES, OTHER_LANGUAGE, required} from "./examples.js";
import {fillForm, forgetChoices, labelOf, learnKinds, startForm} from "./form.js";
import {heat, startHeat} from "./heatmap.js";
import {startKey, startSwitches} from "./frame.js";
import {showPair} from "./pair.js";
import {language} from "./settings.js";
import {Refusal, get} from "./service.js";
import {learnTitles, t} from "./strings.js";
import {forgetWhy, showWhy, why} from "./why.js";

const text = by("text");
const known = new Set(); // names of the model's slots
let answer = null;
let needed = [];

const asker = new Asker({onAnswer: take, onRefusal: refuse, onWay: (way) => by("way").setAttribute("data-way", way)});

function ask(caret = null) {
  const body = requestBody(text.value, needed);
  keepInAddress();
  if (!text.value.trim()) return empty();
  asker.ask(body, caret);
  showCode(body, answer?.text === text.value ? answer : null);
}

function empty() {
  asker.forget();
  [answer, needed] = [null, []];
  forgetChoices();
  trouble("");
  forgetWhy();
  show();
  showCode(requestBody("", []), null);
}

// body: what it answers, if that is what stands there now, else null
function take(found, body) {
  trouble("");
  answer = found;
  needed = required(found.intent?.name, known, found.slots.map((slot) => slot.name));
  show();
  if (body && needed.join() !== (body.required_slots ?? []).join()) ask(asker.newest.caret); // so that the service says what is missing of this intent
  else if (body) by("heat").dataset.text = found.text; // nothing more will come for it
}

function show() {
  if (answer) paintAnswer();
  else paint([], text.value);
  fillForm(answer, needed);
  heat(answer ?? {text: "", words: [], distribution: {labels: [], probabilities: []}});
  by("way").textContent = answer ? `${t(`way_${by("way").dataset.way}`)} · ${t("ms", {ms: answer.timing_ms.total.toFixed(1)})}` : "";
  if (answer?.text === text.value) {
    showCode(requestBody(text.value, needed), answer);
    why(answer, requestBody(text.value, []));
  }
}

// The words with the labels that were read or chosen, in their places of what stands there now.
function paintAnswer() {
  const words = answer.words.map((word) => {
    const span = answer.slots.findIndex((slot) => slot.start <= word.start && word.end <= slot.end);
    const slot = answer.slots[span];
    if (!slot) return {...word, label: "O"};
    return {...word, span, label: labelOf(slot), doubtful: slot.status === "uncertain" && labelOf(slot) === slot.name};
  });
  paint(words, answer.text);
  if (answer.text !== text.value) follow(text.value);
}

function refuse(refusal) {
  if (refusal.status === 401) return askKey(refusal);
  if (refusal.status === 0) return trouble(t("unreachable"));
  if (refusal.status === 429 || refusal.status >= 500) return trouble(t("busy"));
  return trouble(refusal.problem.errors?.map(({pointer, message}) => `${pointer}: ${message}`).join("; ") || refusal.message);
}

function trouble(message) {
  by("trouble").textContent = message;
  by("trouble").hidden = !message;
}

function put(sentence) {
  forgetChoices();
  text.value = sentence;
  follow(sentence);
  ask();
  text.focus({preventScroll: true});
  text.scrollIntoView({block: "nearest"});
}

function offerExamples() {
  const own = language() === "en" ? 0 : 1;
  const chips = [...EXAMPLES, OTHER_LANGUAGE].map((example) =>
    el("button", {type: "button", class: "chip", title: example[language()], onclick: () => put(example[language()])}, example.name[own]),
  );
  by("examples").replaceChildren(...chips);
}

function inOtherLanguage() {
  offerExamples();
  showExpected();
  nameTabs();
  const example = EXAMPLES.find(({en, ru}) => text.value === en || text.value === ru);
  if (example) {
    text.value = example[language()];
    ask();
  }
  show();
  showWhy();
  if (known.size) showPair(put).catch(quietly);
}

function keepInAddress() {
  const fields = new URLSearchParams({...(text.value && {text: text.value}), ...contextFields()});
  history.replaceState(null, "", fields.size ? `#${fields}` : location.pathname);
}

function takeAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  takeContextFields(fields);
  text.value = fields.get("text") ?? EXAMPLES[0][language()];
  follow(text.value);
}

async function load() {
  const [labels, models] = await Promise.all([get("v1/labels"), get("v1/models")]);
  learnTitles(labels);
  known.clear();
  for (const {name} of labels.slots) known.add(name);
  learnKinds(labels);
  offer(labels, models);
  ask();
  await showPair(put);
}

const quietly = (error) => {
  if (!(error instanceof Refusal)) throw error;
  refuse(error);
};

const askKey = startKey(() => {
  asker.reopen();
  trouble("");
  load().catch(quietly);
});

startSwitches(inOtherLanguage);
startContext(() => ask());
startForm(() => answer && paintAnswer(), timeContext);
startHeat();
startCode();
offerExamples();
takeAddress();
show();
text.addEventListener("input", () => {
  follow(text.value);
  forgetWhy();
  ask(text.selectionStart);
});
text.addEventListener("blur", () => answer?.words.some((word) => word.partial) && ask()); // without a caret: the text is finished
by("clear").addEventListener("click", () => put(""));
addEventListener("hashchange", () => {
  takeAddress();
  ask();
});
load().catch(quietly);
