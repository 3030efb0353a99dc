// The form that fills itself: a field for each slot that was found or is needed. What a person chooses or types goes before what was read.
import {by, el} from "./dom.js";
import {hue} from "./hues.js";
import {percent} from "./numbers.js";
import {Refusal, post} from "./service.js";
import {t, title} from "./strings.js";
import {aside, shown} from "./values.js";

const WORTH_ASKING = {uncertain: 0.05, other: 0.1}; // another slot that is as likely as this is offered
const choices = new Map(); // words that were read -> {slot} or {value}, as somebody chose
const typed = new Map(); // name of a slot -> {text, value}, as somebody typed
let kinds = new Map(); // name of a slot -> kind of its value, null where its words mean themselves
let last = {answer: null, needed: []};
let changed = () => {};
let context = () => ({});
let toldTimer = 0;

// onChange(): the choices have changed; timeContext(): the context for POST /v1/values
export function startForm(onChange, timeContext) {
  changed = onChange;
  context = timeContext;
}

// labels: of GET /v1/labels
export function learnKinds(labels) {
  kinds = new Map(labels.slots.map(({name, kind}) => [name, kind]));
}

export function forgetChoices() {
  choices.clear();
  typed.clear();
}

const spot = (slot) => `${slot.name} ${slot.text}`;

// The label of a slot's words, as read or as chosen.
export const labelOf = (slot) => choices.get(spot(slot))?.slot ?? slot.name;

// answer: of POST /v1/parse with alternatives, or null; needed: names of slots
export function fillForm(answer, needed) {
  last = {answer, needed};
  by("intent").textContent = answer?.intent ? t("intent", {name: title(answer.intent.name), percent: percent(answer.intent.confidence)}) : "";
  const fields = answer ? allFields(answer, needed) : [];
  place(fields);
  if (fields.length === 0) by("fields").replaceChildren(el("p", {class: "soft blank"}, t(answer ? "nothing_found" : "nothing_yet")));
  tellSoon(fields);
}

function allFields(answer, needed) {
  const found = answer.slots.map((slot) => read(slot)).filter((field) => field.name !== "O");
  const isMissing = (name) => needed.includes(name) && !found.some((field) => field.name === name);
  const rest = answer.missing.filter(isMissing).map((name) => ({name, state: "missing"}));
  const order = (field) => (needed.includes(field.name) ? needed.indexOf(field.name) : needed.length);
  const seen = new Map();
  return [...found, ...rest]
    .sort((a, b) => order(a) - order(b))
    .map((field) => {
      const nth = (seen.get(field.name) ?? 0) + 1;
      seen.set(field.name, nth);
      const id = nth === 1 ? field.name : `${field.name}-${nth}`;
      return {...field, ...(typed.has(id) ? {...typed.get(id), state: "typed"} : {}), id};
    });
}

function read(slot) {
  const choice = choices.get(spot(slot));
  const values = [slot.value, ...(slot.value_alternatives ?? [])].filter(Boolean);
  const value = values[choice?.value ?? 0] ?? null;
  const state = choice ? "chosen" : slot.status;
  return {name: labelOf(slot), slot, value, state, confidence: slot.confidence, values, picked: choice?.value ?? 0};
}

// Fields that stay keep their elements, so that focus stays where it is.
function place(fields) {
  const list = by("fields");
  const old = new Map([...list.querySelectorAll(".field")].map((element) => [element.dataset.field, element]));
  const focused = document.activeElement;
  const elements = fields.map((field) => renew(old.get(field.id) ?? blank(field), field));
  const now = [...list.children];
  if (now.length !== elements.length || elements.some((element, index) => element !== now[index])) list.replaceChildren(...elements);
  if (focused instanceof HTMLElement && focused.isConnected && document.activeElement !== focused) focused.focus();
}

function blank(field) {
  const id = `field-${field.id}`;
  return el(
    "div",
    {class: "field", "data-field": field.id, "data-slot": field.name, vars: {h: hue(field.name)}},
    el("div", {class: "field-head"}, el("label", {for: id}), el("span", {class: "mark"})),
    el("input", {
      id, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-note`,
      onchange: (event) => typedInto(field.id, event.target.value),
    }),
    el("p", {class: "note", id: `${id}-note`}),
    el("div", {class: "chips", role: "group"}),
  );
}

function renew(element, field) {
  const [label, mark] = element.querySelector(".field-head").children;
  const input = element.querySelector("input");
  element.dataset.state = field.state;
  element.dataset.value = field.value ? JSON.stringify(field.value.value ?? [field.value.start, field.value.end]) : "";
  label.textContent = title(field.name);
  mark.textContent = stateOf(field);
  const text = textOf(field);
  if (document.activeElement !== input || input.value === input.dataset.shown) input.value = text;
  input.dataset.shown = text;
  input.placeholder = t("not_said");
  input.setAttribute("aria-invalid", field.state === "uncertain");
  element.querySelector(".note").textContent = noteOf(field);
  renewButtons(element, field, input);
  return element;
}

// The other readings as buttons; they stay while they are the same ones of the same words, and focus with them.
function renewButtons(element, field, input) {
  const buttons = buttonsOf(field);
  const chips = element.querySelector(".chips");
  const now = JSON.stringify([field.slot && spot(field.slot), ...buttons.map(([name]) => name)]);
  chips.setAttribute("aria-label", title(field.name));
  if (chips.dataset.shown === now) return;
  const had = chips.contains(document.activeElement);
  chips.dataset.shown = now;
  chips.replaceChildren(...buttons.map(([name, press]) => el("button", {type: "button", class: "chip", onclick: press}, name)));
  if (had) (chips.children[0] ?? input).focus();
}

const STATES = {missing: "missing", uncertain: "doubtful", chosen: "chosen", typed: "typed"};

const stateOf = (field) => (STATES[field.state] ? t(STATES[field.state]) : percent(field.confidence));

function textOf(field) {
  if (field.state === "missing") return "";
  return field.value ? shown(field.value) : (field.text ?? field.slot.text);
}

function noteOf(field) {
  if (field.state === "missing") return "";
  const words = field.state === "typed" ? field.text : field.slot.text;
  const reasons = {uncertain: field.slot?.reason, typed: field.value ? null : "value_not_understood"};
  const reason = reasons[field.state];
  return [t("said", {words}), field.value && aside(field.value), reason && t(reason)].filter(Boolean).join(" · ");
}

// [[what it says, what it does], ...]
function buttonsOf(field) {
  if (field.state === "missing") return [];
  const undo = [t("undo"), () => choose(() => (field.state === "typed" ? typed.delete(field.id) : choices.delete(spot(field.slot))))];
  if (field.state === "typed") return [undo];
  const pick = (change) => () => choose(() => choices.set(spot(field.slot), {...choices.get(spot(field.slot)), ...change}));
  const others = field.values.map((value, index) => [value, index]).filter(([, index]) => index !== field.picked);
  const values = others.map(([value, index]) => [`${t("other_values")} ${shown(value)}`, pick({value: index})]);
  const likely = WORTH_ASKING[field.state] ?? WORTH_ASKING.other;
  const slots = field.slot.alternatives.filter(({name, confidence}) => name !== field.name && confidence >= likely);
  const names = slots.map(({name, confidence}) => [`${t("other_slots")} ${title(name)}, ${percent(confidence)}`, pick({slot: name})]);
  return [...names, ...values, ...(field.state === "chosen" ? [undo] : [])];
}

function choose(change) {
  change();
  fillForm(last.answer, last.needed);
  changed();
}

async function typedInto(id, text) {
  if (!text.trim()) typed.delete(id);
  else typed.set(id, {text, value: await meant(text, id.replace(/-\d+$/, ""))});
  const input = by(`field-${id}`);
  if (input) input.dataset.shown = input.value; // what was typed may be replaced by what it means
  choose(() => {});
}

// What words typed into the field of a slot mean; null where that is not understood.
async function meant(text, name) {
  const kind = kinds.get(name);
  const words = {type: "text", value: text};
  if (!kind) return words; // they mean themselves
  try {
    const {results} = await post("v1/values", {phrases: [{text, kind}], context: context()});
    return results[0].value ?? (["date", "time"].includes(kind) ? null : words);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return words; // a service without values takes them as they stand
  }
}

// For those who hear the page: once the hands rest, what is there, what is doubtful, what is not.
function tellSoon(fields) {
  clearTimeout(toldTimer);
  toldTimer = setTimeout(() => {
    const of = (...states) => fields.filter((field) => states.includes(field.state)).map((field) => `${title(field.name)} ${textOf(field)}`.trim());
    const parts = [["told_filled", of("accepted", "chosen", "typed")], ["told_doubtful", of("uncertain")], ["told_missing", of("missing")]];
    by("told").textContent = parts.filter(([, names]) => names.length).map(([name, names]) => t(name, {names: names.join(", ")})).join(" ");
  }, 900);
}
