// A value of an answer as people write it, in the page's language.
import {language} from "./settings.js";
import {t} from "./strings.js";

const UNITS = {Y: "year", M: "month", W: "week", D: "day"};
const TIME_UNITS = {H: "hour", M: "minute", S: "second"};

// {type: "date", value: "2026-11-02", ...} -> "Mon, 2 November 2026"
export function shown(value) {
  const text = "value" in value ? one(value.type, value.value) : range(value);
  return value.approximate ? t("about", {value: text}) : text;
}

// What a value says beside itself: codes of a place, the zone of a time.
export function aside(value) {
  if (value.type === "place" && value.value) return value.value.iata.join(", ");
  return value.timezone ?? "";
}

function range({type, start, end}) {
  const kind = type.replace("_range", "");
  if (start === null) return t("until", {value: one(kind, end)});
  if (end === null) return t("from", {value: one(kind, start)});
  return `${one(kind, start)} – ${one(kind, end)}`;
}

function one(type, value) {
  if (type === "place") return [value.name, country(value.country)].filter(Boolean).join(", ");
  if (type === "money") return money(value);
  if (typeof value === "number") return new Intl.NumberFormat(language()).format(value);
  if (type === "date") return day(value);
  if (type === "datetime") return value.replace(/^(\S+)T(\S+)$/, (_, date, time) => `${day(date)}, ${time}`);
  return type === "duration" ? duration(value) : String(value);
}

function day(iso) {
  const [year, month, date] = iso.split("-").map(Number);
  if (!year || !month || iso.length > 10) return iso;
  const how = date ? {weekday: "short", day: "numeric", month: "long", year: "numeric"} : {month: "long", year: "numeric"};
  // British order, for the language alone says no country
  return new Intl.DateTimeFormat(language() === "en" ? "en-GB" : language(), {...how, timeZone: "UTC"}).format(Date.UTC(year, month - 1, date || 1));
}

// In English, as the gazetteer's names are.
const country = (code) => code && (new Intl.DisplayNames(["en"], {type: "region"}).of(code) ?? code);

function money({value, currency}) {
  const how = currency ? {style: "currency", currency, maximumFractionDigits: Number.isInteger(value) ? 0 : 2} : {};
  return new Intl.NumberFormat(language(), how).format(value);
}

// "P1DT2H" -> "1 day 2 hours"
function duration(iso) {
  const [days, times] = iso.slice(1).split("T");
  const parts = [...pieces(days, UNITS), ...pieces(times ?? "", TIME_UNITS)];
  return parts.join(" ") || iso;
}

const pieces = (text, units) =>
  [...text.matchAll(/([\d.]+)([A-Z])/g)].map(([, number, letter]) =>
    new Intl.NumberFormat(language(), {style: "unit", unit: units[letter], unitDisplay: "long"}).format(Number(number)),
  );
