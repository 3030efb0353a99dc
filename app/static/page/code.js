// The request and the answer as JSON, and the request as programs that run as they stand.
import {by, el} from "./dom.js";
import {key} from "./settings.js";
import {BASE} from "./service.js";
import {t} from "./strings.js";

const VIEWS = {
  request: {name: () => t("tab_request"), text: ({body}) => json(body)},
  answer: {name: () => t("tab_answer"), text: ({answer}) => (answer ? json(answer) : "")},
  curl: {name: () => "curl", text: ({body}) => curl(body)},
  python: {name: () => "Python", text: ({body}) => python(body)},
  javascript: {name: () => "JavaScript", text: ({body}) => javascript(body)},
};
const KEY = "SLOTLINE_API_KEY"; // a variable of the environment, so that no key is copied about

let chosen = "request";
let current = {body: null, answer: null};

export function startCode() {
  by("tabs").append(
    ...Object.keys(VIEWS).map((name) =>
      el("button", {type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", onclick: () => choose(name)}),
    ),
  );
  by("tabs").addEventListener("keydown", byKeyboard);
  by("copy").addEventListener("click", copy);
  nameTabs();
}

export function nameTabs() {
  for (const [name, view] of Object.entries(VIEWS)) by(`tab-${name}`).textContent = view.name();
  choose(chosen);
}

// body, answer: of POST /v1/parse
export function showCode(body, answer) {
  current = {body, answer};
  by("panel").textContent = body ? VIEWS[chosen].text(current) : "";
}

function choose(name) {
  chosen = name;
  for (const tab of by("tabs").children) {
    const selected = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
  }
  by("panel").setAttribute("aria-labelledby", `tab-${name}`);
  showCode(current.body, current.answer);
}

function byKeyboard(event) {
  const names = Object.keys(VIEWS);
  const to = {ArrowRight: names.indexOf(chosen) + 1, ArrowLeft: names.indexOf(chosen) - 1, Home: 0, End: -1}[event.key];
  if (to === undefined) return;
  event.preventDefault();
  choose(names.at(to % names.length));
  by(`tab-${chosen}`).focus();
}

async function copy() {
  const text = by("panel").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // no clipboard without HTTPS or permission: what is selected can be copied by hand
    getSelection().selectAllChildren(by("panel"));
    return;
  }
  by("copy").textContent = t("copied");
  setTimeout(() => (by("copy").textContent = t("copy")), 1500);
}

// As JSON.stringify with an indent, but what fits in a line stays in one: a distribution has hundreds of numbers.
export function json(value, indent = "") {
  const flat = JSON.stringify(value);
  if (typeof value !== "object" || value === null || flat.length + indent.length < 100) return spaced(value);
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const lines = Object.entries(value).map(([name, part]) => (Array.isArray(value) ? "" : `${JSON.stringify(name)}: `) + json(part, inner));
  return `${open}\n${inner}${lines.join(`,\n${inner}`)}\n${indent}${close}`;
}

function spaced(value) {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${spaced(part)}`).join(", ")}}`;
}

const url = () => new URL("v1/parse", BASE).href;

const indented = (text, by) => text.replaceAll("\n", `\n${by}`);

function curl(body) {
  const parts = [
    `curl -sS '${url()}'`,
    "-H 'Content-Type: application/json'",
    key() && `-H "X-API-Key: $${KEY}"`,
    `--data '${json(body).replaceAll("'", String.raw`'\''`)}'`,
  ];
  return parts.filter(Boolean).join(" \\\n  ");
}

// Its strings, numbers and lists are written as in JSON; a request has no true, false or null.
function python(body) {
  const lines = [
    key() && "import os\n",
    "import httpx\n",
    "answer = httpx.post(",
    `    "${url()}",`,
    key() && `    headers={"X-API-Key": os.environ["${KEY}"]},`,
    `    json=${indented(json(body), "    ")},`,
    ")",
    "answer.raise_for_status()",
    'for slot in answer.json()["slots"]:',
    '    print(slot["name"], slot["text"], slot["value"])',
  ];
  return lines.filter(Boolean).join("\n");
}

function javascript(body) {
  const lines = [
    `const response = await fetch("${url()}", {`,
    '  method: "POST",',
    `  headers: {"Content-Type": "application/json"${key() && `, "X-API-Key": process.env.${KEY}`}},`,
    `  body: JSON.stringify(${indented(json(body), "  ")}),`,
    "});",
    "if (!response.ok) throw new Error(await response.text());",
    "for (const slot of (await response.json()).slots) console.log(slot.name, slot.text, slot.value);",
  ];
  return lines.join("\n");
}
