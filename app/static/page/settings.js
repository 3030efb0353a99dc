// What the visitor has chosen for the page itself: language, theme, key. The key lasts as long as the tab.
const NAME = "slotline";

function kept() {
  try {
    return JSON.parse(localStorage.getItem(NAME) || "{}");
  } catch {
    return {};
  }
}

function keep(changes) {
  try {
    localStorage.setItem(NAME, JSON.stringify({...kept(), ...changes}));
  } catch {
    // a browser that keeps nothing; the choice lasts as long as the page
  }
}

const russian = navigator.languages?.some((name) => name.startsWith("ru")) && !navigator.language.startsWith("en");
let chosenLanguage = kept().language || (russian ? "ru" : "en");

export const language = () => chosenLanguage;

export function setLanguage(name) {
  chosenLanguage = name;
  keep({language: name});
}

const systemDark = matchMedia("(prefers-color-scheme: dark)");

export const isDark = () => (document.documentElement.dataset.theme || (systemDark.matches ? "dark" : "light")) === "dark";

export function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  keep({theme});
}

export const onSystemTheme = (changed) => systemDark.addEventListener("change", changed);

let typedKey = "";
try {
  typedKey = sessionStorage.getItem(NAME) || "";
} catch {
  // as above
}

export const key = () => typedKey;

export function setKey(text) {
  typedKey = text;
  try {
    sessionStorage.setItem(NAME, text);
  } catch {
    // as above
  }
}
