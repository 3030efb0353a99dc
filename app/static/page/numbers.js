// Numbers as the page's language writes them.
import {language} from "./settings.js";

// 0.947 -> 95; 100 is for what is certain
export function hundredths(probability) {
  const shown = Math.round(probability * 100);
  return probability < 1 && shown === 100 ? 99 : shown;
}

// 0.947 -> "95%", in Russian "95 %"
export const percent = (probability) => share(hundredths(probability) / 100, 0);

// 0.9472 -> "94.7%"
export const share = (part, digits = 1) =>
  new Intl.NumberFormat(language(), {style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits}).format(part);

export const whole = (number) => new Intl.NumberFormat(language()).format(number);
