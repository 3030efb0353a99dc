"""The reader's output alphabet: one symbol for each spoken part of a phrase, in the order of the phrase.

    "half past seven in the evening"  HALF PAST n7 EVE          "полвосьмого вечера"       HALF o8 EVE
    "friday next week"                W5 NEXT u_w               "второго ноября"           o2 M11
    "3/4/26"                          3 / 4 / 2 6a              "с 3 по 24 февраля"        FROM 3 .. 2 4a M2
    "3 days after january 12th"       3 u_d AFTER M1 1 2a TH    "без четверти восемь"      TO QUARTER n8
    "me, my wife and two kids"        PER PER + n2 KID          "нас двое с ребёнком"      PPL n2 + n1 KID
    "$1,250.50"                       $ 1 , 2 5a 0b . 5 0a      "полторы тысячи рублей"    n1.5 x_k RUB
    "November 2nd, 2026 at 19:30"     M11 2 TH 2 0a 2b 6a AT 1 9a : 3 0a

The laws of the alphabet, which make it easy to learn and safe to use:

- **A symbol says which part was spoken, never what it amounts to.** "seven" is ``n7`` whether it is an hour, a day or seven people; the
  resolver, which sees the whole phrase, the slot's kind and the reference time, decides. So each symbol depends on a few characters only,
  and combinations that were never trained come out right. Compound numbers stay in parts: "twenty second" is ``n20 o2``, "три тысячи"
  ``n3 x_k``.
- **Written digits are copied one symbol a character**, never turned into a number: 07, 2026 and 1500 need no symbol of their own, zeros
  in front survive (they tell 07/08 from 7/8), and whoever holds the text can check that no digit was lost or invented (``copied``). One
  symbol a number would need 10,000 symbols, most of them never seen in training. CTC cannot emit a symbol twice from adjacent frames
  without a blank between them, and "11" has only two frames; so a digit carries its place in its group: ``1`` begins a group, then ``1a``
  and ``1b`` alternate ("1111" is ``1 1a 1b 1a``). No group repeats a symbol, one frame a character is enough, and a new group needs no
  separator.
- **Silent parts** (articles, "of", "on", "the", "o'" of o'clock, a comma between words, a hyphen in "twenty-one", "года" only as ``u_y``)
  have no symbol. A part that carries meaning but has no symbol is ``UNK``, and the resolver refuses the phrase: words are never dropped
  in silence.
- A noun in the singular without a number stands alone where it means one ("in an hour" ``IN u_h``, "через неделю" ``IN u_w``), but a
  child or a guest is ``n1 KID``, ``n1 PPL`` ("ребёнок", "a guest"), because a bare ``KID`` ("with children") is a number left open, which
  is refused.
- A unit alone is also the one that runs: "the end of the month" ``END u_mo``, "the 15th of the month" ``1 5a TH u_mo``;
  "the week of november 30th" is ``u_w M11 3 0a TH``.
- A word keeps its symbol wherever it stands: "and" is always ``+``, "в" always ``AT``, "for" and "на" always ``FOR``, "до" always ``..``.
  Exceptions, where one word has two meanings: "to" and "без" of the clock are ``TO`` ("ten to eight"), "без" of things ``NO`` ("без
  багажа"); "дня" is ``AFT`` behind an hour and ``u_d`` behind a number of days; "second" is ``o2`` or ``u_s``; "quarter" is ``QUARTER``,
  "от" is ``FROM``.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Symbol(NamedTuple):
    """One row of the alphabet: its name (no spaces), what was spoken, and how English and Russian say it ("-" where they do not)."""

    name: str
    meaning: str
    english: str
    russian: str


_CARDINALS = {
    "n0": "zero, oh|ноль, нуль", "n1": "one|один, одна, одного, одну", "n2": "two, both|два, две, двух, двое, двоих, вдвоём",
    "n3": "three|три, трёх, трое, троих", "n4": "four|четыре, четверо, четверых", "n5": "five|пять, пяти, пятеро",
    "n6": "six|шесть, шестеро", "n7": "seven|семь, семи, семеро", "n8": "eight|восемь, восьми", "n9": "nine|девять, девяти",
    "n10": "ten|десять, десяти, десяток", "n11": "eleven|одиннадцать", "n12": "twelve, dozen|двенадцать, дюжина",
    "n13": "thirteen|тринадцать", "n14": "fourteen|четырнадцать", "n15": "fifteen|пятнадцать", "n16": "sixteen|шестнадцать",
    "n17": "seventeen|семнадцать", "n18": "eighteen|восемнадцать", "n19": "nineteen|девятнадцать", "n20": "twenty|двадцать, двадцати",
    "n30": "thirty|тридцать", "n40": "forty|сорок", "n50": "fifty|пятьдесят", "n60": "sixty|шестьдесят", "n70": "seventy|семьдесят",
    "n80": "eighty|восемьдесят", "n90": "ninety|девяносто", "n100": "hundred, a hundred|сто, ста", "n200": "-|двести, двухсот",
    "n300": "-|триста", "n400": "-|четыреста", "n500": "-|пятьсот", "n600": "-|шестьсот", "n700": "-|семьсот", "n800": "-|восемьсот",
    "n900": "-|девятьсот",
}  # fmt: skip

_ORDINALS = {
    "o1": "first|первый, первое, первого", "o2": "second|второе, второго", "o3": "third|третье, третьего",
    "o4": "fourth|четвёртое, четвёртого", "o5": "fifth|пятое, пятого", "o6": "sixth|шестое, шестого", "o7": "seventh|седьмое, седьмого",
    "o8": "eighth|восьмое, восьмого", "o9": "ninth|девятое, девятого", "o10": "tenth|десятое, десятого", "o11": "eleventh|одиннадцатое",
    "o12": "twelfth|двенадцатое", "o13": "thirteenth|тринадцатое", "o14": "fourteenth|четырнадцатое", "o15": "fifteenth|пятнадцатое",
    "o16": "sixteenth|шестнадцатое", "o17": "seventeenth|семнадцатое", "o18": "eighteenth|восемнадцатое",
    "o19": "nineteenth|девятнадцатое", "o20": "twentieth|двадцатое", "o30": "thirtieth|тридцатое",
}  # fmt: skip

_WORDS = """
n1.5      one and a half, one word              | -                                        | полтора, полторы, полутора
x_k       times a thousand                      | thousand, k, grand                       | тысяча, тысяч, тыс., к, т.р. (with RUB)
x_m       times a million                       | million, m, mln                          | миллион, млн
HALF      a half                                | half, half an hour (HALF u_h)            | пол-, половина, полчаса (HALF u_h)
QUARTER   a quarter                             | quarter                                  | четверть
CPL       two together                          | couple, pair, couple of days (CPL u_d)   | пара, пару
FEW       a number left open                    | few, several, some, many                 | несколько, пара-тройка, много
TH        ordinal ending behind digits          | 2nd, 3rd, 5th                            | 2-го, 3-е, 5 числа
:         colon between digits                  | 19:30                                    | 19:30
/         slash between digits                  | 3/4                                      | 3/4
.         full stop between digits              | 7.30, 12.50                              | 03.04.2026, 19.30
,         comma between digits                  | 1,250                                    | 3,5
-         hyphen or dash between parts          | 2026-11-02, 3-5 people, may 3 - may 5    | 3-5 мая, 19-30
..        up to a second end, or up to here     | to, till, until, through                 | до, по; за 3 дня до (3 u_d ..)
FROM      from here                             | from, between, since, starting           | с, со, от, между, начиная с
+         joins two parts                       | and, plus, &, with                       | и, плюс, с (женой), да
OR        a choice                              | or                                       | или, либо
AT        at a time or place                    | at, @                                    | в, во
FOR       for                                   | for                                      | на
IN        so much later than now                | in                                       | через, спустя (in front)
AGO       so much earlier than now              | ago, earlier                             | назад, тому назад
LATER     so much later                         | later, from now, hence                   | спустя (behind), позже
AFTER     after; behind it: or later            | after, later than, past a date, or later | после, позже, не раньше, или позже
BEFORE    before; behind it: or earlier         | before, earlier than, prior to, or earlier | перед, раньше, или раньше
BY        not after; also behind it             | by, no later than, at the latest         | к, ко, не позже, самое позднее
ABOUT     roughly                               | about, around, roughly, -ish, circa, ~   | около, примерно, где-то, приблизительно
MAX       this or less; also behind it          | at most, up to, within, or less          | не больше, не дороже, в течение, и меньше
MIN       this or more; also behind it          | at least, no less than, min, or more, and up | не меньше, минимум, хотя бы, и больше
UNDER     less than this                        | under, below, less than, cheaper than    | меньше, дешевле, менее
OVER      more than this                        | over, above, more than                   | больше, дороже, более, свыше
T-2       the day before yesterday              | the day before yesterday                 | позавчера
T-1       yesterday                             | yesterday                                | вчера
T0        today                                 | today                                    | сегодня, сегодняшний
T1        tomorrow                              | tomorrow, tmrw                           | завтра, завтрашний
T2        the day after tomorrow                | the day after tomorrow, overmorrow       | послезавтра
TONIGHT   the evening of today                  | tonight                                  | -
NOW       now                                   | now, right now, asap, immediately        | сейчас, немедленно
THIS      the current one                       | this, current                            | этот, эта, текущий
NEXT      the one behind the current            | next, following                          | следующий, будущий
COMING    the first from now                    | coming, upcoming, nearest                | ближайший, грядущий, наступающий
PREV      the one in front of the current       | previous, past                           | прошлый, предыдущий, прошедший
LAST      last: of a row, or the previous one   | last                                     | последний
W1        Monday                                | monday, mon                              | понедельник, пн
W2        Tuesday                               | tuesday, tue, tues                       | вторник, вт
W3        Wednesday                             | wednesday, wed                           | среда, среду, ср
W4        Thursday                              | thursday, thu, thurs                     | четверг, чт
W5        Friday                                | friday, fri                              | пятница, пт
W6        Saturday                              | saturday, sat                            | суббота, сб
W7        Sunday                                | sunday, sun                              | воскресенье, вс
WE        weekend                               | weekend                                  | выходные, уикенд
M1        January                               | january, jan                             | январь, января, янв
M2        February                              | february, feb                            | февраль, февраля, фев
M3        March                                 | march, mar                               | март, марта
M4        April                                 | april, apr                               | апрель, апреля, апр
M5        May                                   | may                                      | май, мая
M6        June                                  | june, jun                                | июнь, июня
M7        July                                  | july, jul                                | июль, июля
M8        August                                | august, aug                              | август, августа, авг
M9        September                             | september, sep, sept                     | сентябрь, сентября, сен
M10       October                               | october, oct                             | октябрь, октября, окт
M11       November                              | november, nov                            | ноябрь, ноября, ноя
M12       December                              | december, dec                            | декабрь, декабря, дек
SPRING    spring                                | spring                                   | весна, весной
SUMMER    summer                                | summer                                   | лето, летом
AUTUMN    autumn                                | autumn, fall                             | осень, осенью
WINTER    winter                                | winter                                   | зима, зимой
BEG       the first part                        | beginning, start, early                  | начало, в начале, рано
MID       the middle part                       | middle, mid, mid-                        | середина, в середине
END       the last part                         | end, late                                | конец, в конце, поздно
PAST      minutes behind the hour               | past (half past seven)                   | -
TO        minutes in front of the hour          | to, till, of (quarter to eight)          | без (без пяти восемь)
CLK       the number in front is an hour        | o'clock, hours (1930 hours)              | -
AM        before noon                           | am, a.m.                                 | -
PM        after noon                            | pm, p.m.                                 | пополудни
MOR       morning                               | morning, in the morning                  | утро, утра, утром
NOON      12:00                                 | noon, midday                             | полдень
MIDN      0:00                                  | midnight                                 | полночь
AFT       afternoon                             | afternoon, in the afternoon              | дня (3 часа дня), днём, после обеда
EVE       evening                               | evening, in the evening                  | вечер, вечера, вечером
NIGHT     night                                 | night, at night                          | ночь, ночи, ночью
BREAKFAST the hours of breakfast                | breakfast time, at breakfast             | к завтраку, завтрак
LUNCH     the hours of lunch                    | lunch, lunchtime                         | обед, в обед
DINNER    the hours of dinner                   | dinner, dinnertime, supper               | ужин, к ужину
u_s       second                                | second, seconds, sec                     | секунда, секунд
u_min     minute                                | minute, minutes, min                     | минута, минут, мин
u_h       hour; in Russian also o'clock         | hour, hours, h, hr                       | час, часа, часов, ч; час дня (u_h AFT)
u_d       day                                   | day, days                                | день, дня, дней, сутки
u_n       night, counted                        | night, nights (3 nights)                 | ночь, ночи, ночей (3 ночи)
u_w       week (fortnight is n2 u_w)            | week, weeks                              | неделя, недели, недель
u_mo      month                                 | month, months                            | месяц, месяца
u_y       year, also behind a year's number     | year, years                              | год, года, лет, г.
PER       one person, named                     | me, i, my wife, my husband, a friend     | я, мы (с женой), жена, муж, друг
PPL       people, guests, us                    | people, persons, guests, of us           | человек, гостей, нас, персон
ADULT     adults                                | adult, adults, grown-ups                 | взрослый, взрослых
KID       children                              | kid, kids, child, children, infant       | ребёнок, детей, младенец
TICKET    tickets or seats                      | ticket, tickets, seats                   | билет, билета, мест
ROOM      rooms                                 | room, rooms                              | номер, номера, комнаты
BAG       pieces of luggage                     | bag, bags, suitcase, luggage             | чемодан, сумка, багаж, мест багажа
STAR      stars of a hotel                      | star, stars, star-                       | звезда, звёзды, -звёздочный
NO        none of it                            | no, without, zero of                     | без, нет, ни одного
$         dollars, of no said country           | $, dollar, bucks                         | $, доллар, баксов
USD       United States dollar, said in full    | usd, us$, us dollars                     | долларов сша, usd
EUR       euro                                  | €, euro, eur                             | евро, €
GBP       pound sterling                        | £, pound, quid, gbp                      | фунт, фунтов
RUB       Russian rouble                        | ₽, ruble, rubles, rub                    | рубль, рублей, руб., р.
CENT      hundredth of the currency             | cent, cents, pence                       | цент, копейка, коп.
h_newyear     1 January                         | new year, new year's day                 | новый год
h_newyeareve  31 December                       | new year's eve                           | канун нового года
h_christmas   25 December                       | christmas, xmas                          | католическое рождество
h_christmaseve 24 December                      | christmas eve                            | -
h_orthodoxchristmas 7 January                   | orthodox christmas                       | рождество
h_oldnewyear  14 January                        | old new year                             | старый новый год
h_valentine   14 February                       | valentine's day                          | день святого валентина
h_defender    23 February                       | -                                        | день защитника отечества
h_women       8 March                           | women's day                              | женский день
h_patrick     17 March                          | st patrick's day                         | -
h_fools       1 April                           | april fools' day                         | день смеха
h_may         1 May                             | may day                                  | первомай, праздник труда
h_victory     9 May                             | -                                        | день победы
h_russia      12 June                           | russia day                               | день россии
h_unity       4 November                        | -                                        | день народного единства
h_july4       4 July                            | independence day (us)                    | -
h_halloween   31 October                        | halloween                                | хэллоуин
h_boxing      26 December                       | boxing day                               | -
h_easter      Easter Sunday of the western churches | easter, easter sunday                | католическая пасха
h_goodfriday  the Friday in front of it         | good friday                              | -
h_eastermonday the Monday behind it             | easter monday                            | -
h_orthodoxeaster Easter Sunday of the eastern churches | orthodox easter                   | пасха
h_thanksgiving fourth Thursday of November      | thanksgiving                             | день благодарения
h_blackfriday the Friday behind it              | black friday                             | чёрная пятница
h_memorial    last Monday of May                | memorial day                             | -
h_labor       first Monday of September         | labor day, labour day (us)               | -
UNK       a part with meaning and no symbol     | every, business days, gmt, anything else | каждый, будни, по москве, всё прочее
"""

_CURRENCIES = {
    "CNY": "yuan, rmb|юань, юаней", "JPY": "yen, ¥|иена, йен", "TRY": "lira|лира, турецких лир", "KZT": "tenge|тенге",
    "UAH": "hryvnia|гривна", "BYN": "belarusian ruble|белорусских рублей", "AED": "dirham|дирхам", "INR": "rupee, ₹|рупия",
    "THB": "baht|бат", "KRW": "won|вона", "TWD": "nt$, taiwan dollar|тайваньских долларов", "HKD": "hk$|гонконгских долларов",
    "SGD": "s$|сингапурских долларов", "CAD": "c$, canadian dollars|канадских долларов",
    "AUD": "a$, aussie dollars|австралийских долларов", "CHF": "swiss franc|франк", "PLN": "zloty|злотый",
    "CZK": "czech koruna, czech crown|чешская крона", "SEK": "swedish krona|шведская крона", "NOK": "norwegian krone|норвежская крона",
    "DKK": "danish krone|датская крона", "GEL": "lari|лари", "AMD": "dram|драм", "AZN": "manat|манат", "UZS": "uzbek sum|сум",
    "KGS": "kyrgyz som|сом", "ILS": "shekel|шекель", "BRL": "real, reais|реал", "MXN": "mexican peso|мексиканский песо",
    "ZAR": "rand|рэнд", "NZD": "nz$|новозеландских долларов", "HUF": "forint|форинт", "VND": "dong|донг",
    "IDR": "rupiah|индонезийская рупия", "MYR": "ringgit|ринггит", "PHP": "philippine peso|филиппинский песо",
    "EGP": "egyptian pound|египетский фунт", "SAR": "riyal|саудовский риял", "RSD": "dinar|сербский динар",
}  # fmt: skip


def _rows() -> Iterable[Symbol]:
    """The whole table, in the order of the alphabet."""
    for place, meaning in (
        ("", "begins a group"),
        ("a", "stands second, fourth, ... in its group"),
        ("b", "stands third, fifth, ... in its group"),
    ):
        yield from (Symbol(f"{digit}{place}", f"a written {digit} that {meaning}", digit, digit) for digit in "0123456789")
    for words, meaning in ((_CARDINALS, "the number, spoken"), (_ORDINALS, "the ordinal, spoken"), (_CURRENCIES, "the currency")):
        yield from (Symbol(name, meaning, *said.split("|")) for name, said in words.items())
    for line in _WORDS.strip().splitlines():
        spoken, english, russian = line.rsplit("|", 2)
        name, meaning = spoken.split(maxsplit=1)
        yield Symbol(name, meaning.strip(), english.strip(), russian.strip())


TABLE: tuple[Symbol, ...] = tuple(_rows())
ALPHABET: tuple[str, ...] = tuple(symbol.name for symbol in TABLE)  # CTC's blank is not in it
UNKNOWN = "UNK"
CURRENCIES: frozenset[str] = frozenset({*_CURRENCIES, "USD", "EUR", "GBP", "RUB"})


def spelled(digits: str) -> tuple[str, ...]:
    """A group of ASCII digits as symbols: "2026" -> ("2", "0a", "2b", "6a")."""
    return tuple(digit if place == 0 else f"{digit}{'ba'[place % 2]}" for place, digit in enumerate(digits))


def copied(symbols: Sequence[str]) -> str:
    """The written digits that the symbols hold, in order: equal to the digits of the phrase, or the reader lost or made up some."""
    return "".join(symbol[0] for symbol in symbols if symbol[0].isdigit())
