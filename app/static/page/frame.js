// What both pages have: the switches of language and theme, and the field for a key.
import {by} from "./dom.js";
import {isDark, key, language, onSystemTheme, setKey, setLanguage, switchTheme} from "./settings.js";
import {t, translate} from "./strings.js";

// onLanguage(): the page's own words are translated already
export function startSwitches(onLanguage) {
  const buttons = [...document.querySelectorAll("[data-language]")];
  const mark = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.language === language());
  };
  for (const button of buttons)
    button.addEventListener("click", () => {
      setLanguage(button.dataset.language);
      mark();
      translate();
      onLanguage();
    });
  by("theme").addEventListener("click", () => {
    switchTheme();
    markTheme();
  });
  onSystemTheme(markTheme);
  mark();
  markTheme();
  translate();
}

const markTheme = () => by("theme").setAttribute("aria-pressed", isDark());

// onKey(): a key was typed. Returns what asks for one.
export function startKey(onKey) {
  by("key").addEventListener("submit", (event) => {
    event.preventDefault();
    setKey(by("key-field").value.trim());
    by("key").hidden = true;
    onKey();
  });
  return () => {
    by("key").hidden = false;
    if (key()) by("key").querySelector("p").textContent = t("key_wrong");
    by("key-field").focus();
  };
}
