// What goes with the sentence: when and where it was said, in which language, what had been asked.
import {by, el} from "./dom.js";
import {hue} from "./hues.js";
import {percent} from "./numbers.js";
import {language} from "./settings.js";
import {t, title} from "./strings.js";

const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const LIKELY = 0.5; // the service's own min_confidence
const LIMITS = [0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99];
const FIELDS = ["reference", "timezone", "language", "policy", "order", "sure", "model"];

let expected = [];
let slots = [];
let models = [];
let changed = () => {};

export function startContext(onChange) {
  changed = () => {
    summary();
    onChange();
  };
  by("timezone").value = OWN_ZONE;
  by("zones").append(...(Intl.supportedValuesOf?.("timeZone") ?? []).map((zone) => el("option", {value: zone})));
  for (const id of FIELDS) by(id).addEventListener("change", changed);
  by("expected").addEventListener("change", (event) => expect([...expected, event.target.value]));
  options("language", ["", "en", "ru"].map((name) => [name, name ? `language_${name}` : "language_auto"]));
  options("policy", ["future", "past", "nearest"].map((name) => [name, `policy_${name}`]));
  options("order", ["mdy", "dmy", "ymd"].map((name) => [name, `order_${name}`]));
  by("sure").append(...LIMITS.map((limit) => el("option", {value: limit, selected: limit === LIKELY}, percent(limit))));
}

function options(id, choices) {
  by(id).append(...choices.map(([value, name]) => el("option", {value, "data-t": name}, t(name))));
}

// labels: of GET /v1/labels; loaded: of GET /v1/models
export function offer(labels, loaded) {
  slots = labels.slots.map(({name}) => name);
  models = loaded.models;
  const option = ({name, version}) => el("option", {value: name, selected: name === labels.model.name}, `${name} ${version}`);
  by("model").replaceChildren(...models.map(option));
  by("model-choice").hidden = models.length < 2;
  showExpected();
}

// After a change of the page's language, too.
export function showExpected() {
  const rest = slots.filter((name) => !expected.includes(name));
  const first = el("option", {value: ""}, t(expected.length ? "expected_more" : "expected_add"));
  by("expected").replaceChildren(first, ...rest.map((name) => el("option", {value: name}, title(name))));
  by("expected-chosen").replaceChildren(
    ...expected.map((name) =>
      el("button", {type: "button", class: "chip", vars: {h: hue(name)}, "aria-label": t("expected_remove", {name: title(name)}),
        onclick: () => expect(expected.filter((other) => other !== name))}, `${title(name)} ×`)),
  );
  summary();
}

function expect(names) {
  expected = names.filter(Boolean);
  showExpected();
  changed();
}

function summary() {
  const at = by("reference").value;
  const how = {dateStyle: "medium", timeStyle: "short", timeZone: "UTC"};
  const when = at ? new Intl.DateTimeFormat(language() === "en" ? "en-GB" : language(), how).format(new Date(`${at}Z`)) : t("now");
  by("context-now").textContent = [when, by("timezone").value.trim(), ...expected.map(title)].filter(Boolean).join(" · ");
}

// The part of a request that says when and where.
export function timeContext() {
  const [at, zone, policy, order] = [by("reference").value, by("timezone").value.trim(), by("policy").value, by("order").value];
  const reference = at && (at.length === 16 ? `${at}:00` : at) + (zone ? "" : "Z"); // without a zone it must say one itself
  return {
    ...(reference && {reference_time: reference}),
    ...(zone && {timezone: zone}),
    ...(policy !== "future" && {date_policy: policy}),
    ...(order !== "mdy" && {date_order: order}),
  };
}

// The body of POST /v1/parse; needed: names of slots. What is as the service has it by default is left out.
export function requestBody(text, needed) {
  const defaultModel = models.find((loaded) => loaded.default)?.name;
  const [model, tongue, sure] = [by("model").value, by("language").value, Number(by("sure").value)];
  return {
    text,
    ...(model && model !== defaultModel && {model}),
    ...(tongue && {language: tongue}),
    context: {...timeContext(), ...(expected.length && {expected_slots: expected})},
    ...(needed.length && {required_slots: needed}),
    include: ["words", "alternatives", "distribution"],
    ...(sure !== LIKELY && {min_confidence: sure}),
    offset_unit: "utf16",
  };
}

// What a link keeps, and back.
export function contextFields() {
  const unless = (id, usual) => (by(id).value === usual ? "" : by(id).value);
  const all = {
    reference: by("reference").value, timezone: unless("timezone", OWN_ZONE), language: by("language").value,
    policy: unless("policy", "future"), order: unless("order", "mdy"), expected: expected.join(","),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

export function takeContextFields(fields) {
  for (const id of ["reference", "timezone", "language", "policy", "order"]) if (fields.get(id)) by(id).value = fields.get(id);
  expected = (fields.get("expected") ?? "").split(",").filter(Boolean);
  if (expected.length) by("context").open = true;
}
