// Two sentences that differ in a verb, side by side, as the service reads them now.
import {annotated} from "./annotated.js";
import {by, el} from "./dom.js";
import {PAIR} from "./examples.js";
import {language} from "./settings.js";
import {post} from "./service.js";
import {t} from "./strings.js";

// tryIt(text): takes a sentence into the composer
export async function showPair(tryIt) {
  const lang = language();
  const items = PAIR[lang].map((text) => ({text}));
  const {results} = await post("v1/parse/batch", {items, include: [], values: false, offset_unit: "utf16"});
  if (lang !== language()) return; // the page has changed its language meanwhile
  by("pair").replaceChildren(
    ...results.map(({text, slots}) => {
      const button = {type: "button", class: "plain", "aria-label": `${t("try_this")}: ${text}`, onclick: () => tryIt(text)};
      return el("article", {class: "card"}, annotated(text, slots, lang), el("button", button, t("try_this")));
    }),
  );
}
