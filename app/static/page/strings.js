// Everything that the page says, in English and Russian: [English, Russian]. {name} is filled in.
import {language} from "./settings.js";

const STRINGS = {
  skip: ["To the sentence", "К фразе"],
  nav_label: ["Pages", "Страницы"],
  nav_try: ["Try it", "Попробовать"],
  nav_model: ["Model", "Модель"],
  nav_docs: ["API", "API"],
  language_switch: ["Language of the page", "Язык страницы"],
  theme_switch: ["Dark page", "Тёмная страница"],
  title: ["Type a booking, watch the form fill itself", "Напишите, что забронировать, и форма заполнится сама"],
  subtitle: [
    "For every word, the probability of every slot. Sure answers go into the form, doubtful ones are for you to settle.",
    "Для каждого слова — вероятность каждого слота. Уверенные ответы сразу в форме, сомнительные решаете вы.",
  ],
  key_label: ["This service asks for an API key", "Сервис просит ключ API"],
  key_send: ["Use it", "Применить"],
  key_note: [
    "It is kept until this tab is closed and sent to this service alone.",
    "Он хранится до закрытия вкладки и отправляется только этому сервису.",
  ],
  key_wrong: ["No such key is known here.", "Такой ключ здесь неизвестен."],
  say: ["The sentence", "Фраза"],
  text_label: ["What would you like to book?", "Что вы хотите забронировать?"],
  text_placeholder: ["A table for four tomorrow at eight …", "Столик на четверых завтра в восемь …"],
  clear: ["Clear", "Очистить"],
  examples: ["Examples", "Примеры"],
  way_stream: ["read as you type", "читается на лету"],
  way_requests: ["read by single requests", "читается отдельными запросами"],
  ms: ["{ms} ms", "{ms} мс"],
  context: ["When, where and after what", "Когда, где и после чего"],
  reference: ["Said at", "Сказано"],
  timezone: ["Time zone", "Часовой пояс"],
  language: ["Language of the sentence", "Язык фразы"],
  language_auto: ["by its letters", "по буквам"],
  language_en: ["English", "английский"],
  language_ru: ["Russian", "русский"],
  policy: ["A date without a year", "Дата без года"],
  policy_future: ["lies ahead", "впереди"],
  policy_past: ["lies behind", "позади"],
  policy_nearest: ["is the nearest", "ближайшая"],
  order: ["03/04 is", "03/04 — это"],
  order_mdy: ["March 4th", "4 марта"],
  order_dmy: ["April 3rd", "3 апреля"],
  order_ymd: ["year first, then month", "сначала год, потом месяц"],
  sure_from: ["Doubtful below", "Сомнительно ниже"],
  model_choice: ["Model", "Модель"],
  expected: ["The question was about", "Перед этим спросили"],
  expected_add: ["nothing — choose a slot", "ничего — выберите слот"],
  expected_more: ["one more", "ещё один"],
  expected_remove: ["Not asked for: {name}", "Не спрашивали: {name}"],
  now: ["now", "сейчас"],
  form: ["The form", "Форма"],
  intent: ["{name}, {percent} sure", "{name}, уверенность {percent}"],
  nothing_yet: ["Nothing is filled in yet.", "Пока ничего не заполнено."],
  nothing_found: ["No slot was found in this sentence.", "В этой фразе слотов не найдено."],
  not_said: ["not said yet", "не сказано"],
  missing: ["missing", "не хватает"],
  doubtful: ["doubtful", "сомнительно"],
  chosen: ["chosen by you", "выбрано вами"],
  typed: ["typed by you", "введено вами"],
  low_confidence: ["Less sure than asked for.", "Уверенность ниже заданной."],
  ambiguous_role: ["It could be something else as well:", "Это может быть и другое:"],
  value_not_understood: ["There is no such value, or it was not understood.", "Такого значения нет, или оно не понято."],
  said: ["“{words}”", "«{words}»"],
  other_values: ["or", "или"],
  other_slots: ["rather", "скорее"],
  no_slot: ["no slot", "не слот"],
  undo: ["as it was read", "как прочитано"],
  told_filled: ["Filled in: {names}.", "Заполнено: {names}."],
  told_missing: ["Missing: {names}.", "Не хватает: {names}."],
  told_doubtful: ["Doubtful: {names}.", "Сомнительно: {names}."],
  about: ["about {value}", "около {value}"],
  from: ["from {value}", "с {value}"],
  until: ["until {value}", "до {value}"],
  heat: ["Every word, every slot", "Каждое слово, каждый слот"],
  heat_note: [
    "Probability in percent; an empty cell is below half a percent.",
    "Вероятность в процентах; пустая клетка — меньше половины процента.",
  ],
  all_labels: ["Show all {n} labels", "Показать все {n}"],
  few_labels: ["Show those that matter", "Показать главные"],
  word: ["word", "слово"],
  why: ["What each slot stands on", "На чём держится каждый слот"],
  why_note: [
    "Without this word the slot is that many points less likely.",
    "Без этого слова вероятность слота меньше на столько пунктов.",
  ],
  why_itself: ["on its own words; no other matters", "на своих словах; другие не важны"],
  pair: ["One verb, another role", "Один глагол — другая роль"],
  pair_note: [
    "Place and date are the same words. Only what stands before them says whether somebody arrives or leaves.",
    "Место и дата — те же слова. Только то, что стоит перед ними, говорит, прибывают или отправляются.",
  ],
  try_this: ["Try this sentence", "Попробовать эту фразу"],
  code: ["The same from your program", "То же из вашей программы"],
  code_note: [
    "This is the request of the sentence above. Each snippet runs as it stands.",
    "Это запрос для фразы выше. Каждый фрагмент работает как есть.",
  ],
  tab_request: ["Request", "Запрос"],
  tab_answer: ["Answer", "Ответ"],
  copy: ["Copy", "Копировать"],
  copied: ["Copied", "Скопировано"],
  foot_docs: ["Try every operation", "Все операции"],
  foot_redoc: ["Reference", "Справочник"],
  foot_health: ["Health", "Состояние"],
  foot_metrics: ["Metrics", "Метрики"],
  foot_local: ["Nothing on this page comes from anywhere but this service.", "Всё на этой странице — только от этого сервиса."],
  unreachable: ["The service cannot be reached. Trying again …", "Сервис недоступен. Пробуем ещё раз …"],
  busy: ["The service is busy. Trying again …", "Сервис занят. Пробуем ещё раз …"],
};

export const LANGUAGES = ["en", "ru"];

// The text in the page's language.
export function t(name, values = {}) {
  const text = STRINGS[name][LANGUAGES.indexOf(language())];
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

// Another page's own strings.
export const addStrings = (more) => Object.assign(STRINGS, more);

// Fills in all that the HTML names: data-t for the text, data-t-label and data-t-placeholder for these attributes.
export function translate(root = document) {
  document.documentElement.lang = language();
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of root.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
}

// "destination" -> its title, from GET /v1/labels; "O" is no slot.
let titles = new Map();

export function learnTitles(labels) {
  titles = new Map([...labels.slots, ...labels.intents].map(({name, title}) => [name, title]));
}

export const title = (name) => (name === "O" ? t("no_slot") : titles.get(name)?.[language()] ?? name);
