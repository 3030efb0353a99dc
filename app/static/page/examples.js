// Sentences to begin with, and what each kind of booking needs.
export const EXAMPLES = [
  {
    name: ["Flight", "Самолёт"],
    en: "✈️ Two tickets from Lisbon to Oslo next Friday morning, business class, no stops",
    ru: "✈️ Два билета из Самары в Тбилиси в следующую пятницу утром, бизнес-класс, без пересадок",
  },
  {
    name: ["Hotel", "Отель"],
    en: "We need a hotel in Kyoto from March 3rd, three nights, two rooms, 4 stars",
    ru: "Нужен отель в Сочи с 3 марта на пять ночей, два номера, 4 звезды",
  },
  {
    name: ["Table", "Столик"],
    en: "A table for four at an Italian place in Porto tomorrow at half seven",
    ru: "Столик на четверых в Казани завтра в половине восьмого",
  },
  {
    name: ["Car", "Авто"],
    en: "Rent a compact car in Munich, pick up on Monday at 9 am, drop off on Thursday",
    ru: "Возьмём напрокат минивэн в Калининграде с понедельника до четверга",
  },
  {
    name: ["Train", "Поезд"],
    en: "🚆 A train from Vienna via Linz to Salzburg the day after tomorrow, arriving before noon",
    ru: "🚆 Билет на поезд из Москвы в Казань послезавтра вечером, купе",
  },
  {name: ["A doubt", "Сомнение"], en: "Paris on Friday", ru: "Париж в пятницу"},
  {name: ["No such day", "Нет такого дня"], en: "a flight to Oslo on February 30th", ru: "рейс Стамбул — Баку на 31 апреля"},
];

export const OTHER_LANGUAGE = {name: ["По-русски", "In English"], en: EXAMPLES[0].ru, ru: EXAMPLES[0].en};

export const PAIR = {
  en: ["I would like to arrive in Taipei on November 2nd", "I would like to leave Taipei on November 2nd"],
  ru: ["Хочу прилететь в Тбилиси 2 ноября", "Хочу вылететь из Тбилиси 2 ноября"],
};

const JOURNEY = ["origin", "destination", ["departure_date", "arrival_date"]];

// By intent: the slots without which nobody can book. A list in the list: one of these, the first if none was said.
const NEEDED = {
  book_flight: [...JOURNEY, "people"],
  book_train: [...JOURNEY, "people"],
  book_bus: [...JOURNEY, "people"],
  book_ride: ["origin", "destination", ["departure_time", "arrival_time", "time"]],
  rent_car: [["pickup_location", "location"], "pickup_date", "dropoff_date"],
  book_hotel: ["location", "check_in_date", ["nights", "check_out_date"], "people"],
  book_restaurant: [["location", "restaurant_name"], "date", "time", "people"],
  book_event: [["event_name", "event_type"], "location", "date", "people"],
  book_movie: ["movie_name", "date", "time", "people"],
};

// known: names of the model's slots; found: names of those in the answer
export function required(intent, known, found) {
  return (NEEDED[intent] ?? [])
    .map((need) => (Array.isArray(need) ? (need.find((name) => found.includes(name)) ?? need[0]) : need))
    .filter((name) => known.has(name));
}
