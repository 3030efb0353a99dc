// What each slot stands on: asked for once the hands rest, for it takes as many readings as there are words.
import {by, el} from "./dom.js";
import {hue} from "./hues.js";
import {hundredths} from "./numbers.js";
import {Refusal, post} from "./service.js";
import {t, title} from "./strings.js";

const REST_MS = 600;
const MOST_WORDS = 64; // longer texts are not explained by the service
const TELLING = 0.02; // a word that a slot loses less with is not shown
const MOST = 4;

let timer = 0;
let request = null;
let last = null;

// answer: of a text that stands there now; body: of the request for it, needing nothing
export function why(answer, body) {
  if (last?.text === answer.text && last.asked === JSON.stringify(body)) return;
  forgetWhy();
  if (answer.slots.length === 0 || answer.words.length > MOST_WORDS) return;
  timer = setTimeout(() => ask(body), REST_MS);
}

export function forgetWhy() {
  clearTimeout(timer);
  request?.abort();
  last = null;
  by("why-part").hidden = true;
}

// After a change of the page's language, too.
export function showWhy() {
  if (!last) return;
  by("why").replaceChildren(...last.slots.map((slot) => rowOf(slot)));
  by("why-part").hidden = false;
}

async function ask(body) {
  request = new AbortController();
  try {
    const answer = await post("v1/parse", {...body, include: ["explanation"], values: false}, request.signal);
    last = {text: answer.text, asked: JSON.stringify(body), slots: answer.slots};
    showWhy();
  } catch (error) {
    if (error.name !== "AbortError" && !(error instanceof Refusal)) throw error; // a service that is busy explains nothing
  }
}

function rowOf({name, text, explanation}) {
  const telling = explanation.filter(({fall}) => Math.abs(fall) >= TELLING);
  const words = telling.sort((a, b) => Math.abs(b.fall) - Math.abs(a.fall)).slice(0, MOST);
  const shown = words.length ? words.map((word) => chip(word)) : el("span", {class: "soft"}, t("why_itself"));
  const about = el("dt", {}, title(name), " ", el("b", {}, text));
  return el("div", {class: "why", "data-slot": name, vars: {h: hue(name)}}, about, el("dd", {}, shown));
}

// "arrive −31": without it the slot is 31 points less likely
function chip({text, fall}) {
  const points = el("span", {class: "points"}, `${fall > 0 ? "−" : "+"}${hundredths(Math.abs(fall))}`);
  return el("span", {class: fall < 0 ? "fall against" : "fall", vars: {p: Math.abs(fall).toFixed(3)}}, text, " ", points);
}
