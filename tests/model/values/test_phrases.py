"""Phrases of both languages as their symbols, with the values that they have on Tuesday, 20 October 2026, 10:00 in Taipei.

A row: phrase | symbols | kind | value | TIMEX ("-" for none) | other readings. A range is "start..end", open ends left out.
"""

from datetime import datetime

import pytest

from model.values.resolve import resolve
from model.values.value import Money, NotUnderstood, Understood, Value, context_in

CONTEXT = context_in("Asia/Taipei", datetime.fromisoformat("2026-10-20T10:00:00+08:00"))

DATES = """
november 2nd | M11 2 TH | date | 2026-11-02 | XXXX-11-02 |
второго ноября | o2 M11 | date | 2026-11-02 | XXXX-11-02 |
2 января | 2 M1 | date | 2027-01-02 | XXXX-01-02 |
the twenty-ninth of february | n20 o9 M2 | date | 2028-02-29 | XXXX-02-29 |
november second twenty twenty-six | M11 o2 n20 n20 n6 | date | 2026-11-02 | 2026-11-02 |
второе ноября две тысячи двадцать шестого года | o2 M11 n2 x_k n20 o6 u_y | date | 2026-11-02 | 2026-11-02 |
5 мая 27 года | 5 M5 2 7a u_y | date | 2027-05-05 | 2027-05-05 |
5 may 27 | 5 M5 2 7a | date | 2027-05-05 | 2027-05-05 |
may 5 next year | M5 5 NEXT u_y | date | 2027-05-05 | 2027-05-05 |
2026-11-02 | 2 0a 2b 6a - 1 1a - 0 2a | date | 2026-11-02 | 2026-11-02 |
3/4/26 | 3 / 4 / 2 6a | date | 2026-03-04 | 2026-03-04 | 2026-04-03
3/4 | 3 / 4 | date | 2027-03-04 | XXXX-03-04 | 2027-04-03
13/4 | 1 3a / 4 | date | 2027-04-13 | XXXX-04-13 |
03.04 | 0 3a . 0 4a | date | 2027-04-03 | XXXX-04-03 |
31.10.74 | 3 1a . 1 0a . 7 4a | date | 1974-10-31 | 1974-10-31 |
the 15th | 1 5a TH | date | 2026-11-15 | XXXX-XX-15 |
пятого числа | o5 TH | date | 2026-11-05 | XXXX-XX-05 |
20-го | 2 0a TH | date | 2026-10-20 | XXXX-XX-20 |
the fifth of next month | o5 NEXT u_mo | date | 2026-11-05 | 2026-11-05 |
friday | W5 | date | 2026-10-23 | XXXX-WXX-5 |
во вторник | AT W2 | date | 2026-10-27 | XXXX-WXX-2 | 2026-10-20
next friday | NEXT W5 | date | 2026-10-30 | 2026-10-30 | 2026-10-23
this friday | THIS W5 | date | 2026-10-23 | 2026-10-23 |
this monday | THIS W1 | date | 2026-10-26 | 2026-10-26 | 2026-10-19
в ближайшую пятницу | AT COMING W5 | date | 2026-10-23 | 2026-10-23 |
last monday | LAST W1 | date | 2026-10-19 | 2026-10-19 | 2026-10-12
в прошлую пятницу | AT PREV W5 | date | 2026-10-16 | 2026-10-16 |
friday next week | W5 NEXT u_w | date | 2026-10-30 | 2026-10-30 |
the friday after next | W5 AFTER NEXT | date | 2026-11-06 | 2026-11-06 | 2026-10-30
friday week | W5 u_w | date | 2026-10-30 | 2026-10-30 |
a week tomorrow | u_w T1 | date | 2026-10-28 | 2026-10-28 |
tomorrow week | T1 u_w | date | 2026-10-28 | 2026-10-28 |
a week on friday | u_w W5 | date | 2026-10-30 | 2026-10-30 |
saturday coming | W6 COMING | date | 2026-10-24 | 2026-10-24 |
недели через две | ABOUT u_w IN n2 | date | 2026-11-03 | 2026-11-03 |
в пятницу через неделю | AT W5 IN u_w | date | 2026-10-30 | 2026-10-30 |
friday, november 6 | W5 M11 6 | date | 2026-11-06 | XXXX-11-06 |
the last friday of may | LAST W5 M5 | date | 2027-05-28 | 2027-05-28 |
первый понедельник следующего месяца | o1 W1 NEXT u_mo | date | 2026-11-02 | 2026-11-02 |
the last day of february 2028 | LAST u_d M2 2 0a 2b 8a | date | 2028-02-29 | 2028-02-29 |
the 15th of the month | 1 5a TH u_mo | date | 2026-11-15 | 2026-11-15 |
the last day of the month | LAST u_d u_mo | date | 2026-10-31 | 2026-10-31 |
первый понедельник месяца | o1 W1 u_mo | date | 2026-11-02 | 2026-11-02 |
friday the 13th | W5 1 3a TH | date | 2026-11-13 | 2026-11-13 |
позавчера | T-2 | date | 2026-10-18 | 2026-10-18 |
yesterday | T-1 | date | 2026-10-19 | 2026-10-19 |
today | T0 | date | 2026-10-20 | 2026-10-20 |
на завтра | FOR T1 | date | 2026-10-21 | 2026-10-21 |
послезавтра | T2 | date | 2026-10-22 | 2026-10-22 |
tonight | TONIGHT | date | 2026-10-20 | 2026-10-20TNI |
as soon as possible | NOW | date | 2026-10-20 | 2026-10-20 |
the next day | NEXT u_d | date | 2026-10-21 | 2026-10-21 |
in two weeks | IN n2 u_w | date | 2026-11-03 | 2026-11-03 |
через неделю | IN u_w | date | 2026-10-27 | 2026-10-27 |
in a couple of days | IN CPL u_d | date | 2026-10-22 | 2026-10-22 |
через полгода | IN HALF u_y | date | 2027-04-20 | 2027-04-20 |
три дня назад | n3 u_d AGO | date | 2026-10-17 | 2026-10-17 |
ten days from now | n10 u_d LATER | date | 2026-10-30 | 2026-10-30 |
a week from tomorrow | u_w FROM T1 | date | 2026-10-28 | 2026-10-28 |
3 days after january 12th | 3 u_d AFTER M1 1 2a TH | date | 2027-01-15 | 2027-01-15 |
за 3 дня до 12 января | 3 u_d .. 1 2a M1 | date | 2027-01-09 | 2027-01-09 |
the day before christmas | u_d BEFORE h_christmas | date | 2026-12-24 | 2026-12-24 |
новый год | h_newyear | date | 2027-01-01 | XXXX-01-01 |
thanksgiving | h_thanksgiving | date | 2026-11-26 | 2026-11-26 |
пасха | h_orthodoxeaster | date | 2027-05-02 | 2027-05-02 |
easter 2026 | h_easter 2 0a 2b 6a | date | 2026-04-05 | 2026-04-05 |
around may 3 | ABOUT M5 3 | date | 2027-05-03 | XXXX-05-03 |
tomorrow or the day after | T1 OR T2 | date | 2026-10-21 | 2026-10-21 | 2026-10-22
5 or 6 may | 5 OR 6 M5 | date | 2027-05-05 | XXXX-05-05 | 2027-05-06
"""

STRETCHES = """
november | M11 | date | 2026-11-01..2026-11-30 | XXXX-11 |
в октябре | AT M10 | date | 2026-10-01..2026-10-31 | XXXX-10 |
may 2027 | M5 2 0a 2b 7a | date | 2027-05-01..2027-05-31 | 2027-05 |
next may | NEXT M5 | date | 2027-05-01..2027-05-31 | 2027-05 |
2027 год | 2 0a 2b 7a u_y | date | 2027-01-01..2027-12-31 | 2027 |
early may | BEG M5 | date | 2027-05-01..2027-05-10 | XXXX-05 |
mid-may | MID M5 | date | 2027-05-11..2027-05-20 | XXXX-05 |
в конце месяца | AT END u_mo | date | 2026-10-21..2026-10-31 | 2026-10 |
в начале месяца | AT BEG u_mo | date | 2026-11-01..2026-11-10 | 2026-11 |
the end of the week | END u_w | date | 2026-10-23..2026-10-25 | 2026-W43 |
the week of november 30th | u_w M11 3 0a TH | date | 2026-11-30..2026-12-06 | 2026-W49 |
the second week of november | o2 u_w M11 | date | 2026-11-08..2026-11-14 | XXXX-11 |
the end of next year | END NEXT u_y | date | 2027-09-01..2027-12-31 | 2027 |
первая половина мая | o1 HALF M5 | date | 2027-05-01..2027-05-15 | XXXX-05 |
next week | NEXT u_w | date | 2026-10-26..2026-11-01 | 2026-W44 |
the beginning of next week | BEG NEXT u_w | date | 2026-10-26..2026-10-27 | 2026-W44 |
the week after next | u_w AFTER NEXT | date | 2026-11-02..2026-11-08 | 2026-W45 |
на выходных | FOR WE | date | 2026-10-24..2026-10-25 | XXXX-WXX-WE |
next weekend | NEXT WE | date | 2026-10-31..2026-11-01 | 2026-W44-WE | 2026-10-24..2026-10-25
the weekend after next | WE AFTER NEXT | date | 2026-11-07..2026-11-08 | 2026-W45-WE |
2026-11 | 2 0a 2b 6a - 1 1a | date | 2026-11-01..2026-11-30 | 2026-11 |
11/2026 | 1 1a / 2 0a 2b 6a | date | 2026-11-01..2026-11-30 | 2026-11 |
from november 5 onwards | FROM M11 5 AFTER | date | 2026-11-05.. | (XXXX-11-05,,) |
летом | SUMMER | date | 2027-06-01..2027-08-31 | XXXX-SU |
winter | WINTER | date | 2026-12-01..2027-02-28 | XXXX-WI |
the next three days | NEXT n3 u_d | date | 2026-10-21..2026-10-23 | (2026-10-21,2026-10-23,P3D) |
последние две недели | LAST n2 u_w | date | 2026-10-06..2026-10-19 | (2026-10-06,2026-10-19,P2W) |
within 3 days | MAX 3 u_d | date | 2026-10-20..2026-10-23 | (2026-10-20,2026-10-23,P3D) |
с 3 по 24 февраля | FROM 3 .. 2 4a M2 | date | 2027-02-03..2027-02-24 | (XXXX-02-03,XXXX-02-24,P21D) |
from february 3 to 24 | FROM M2 3 .. 2 4a | date | 2027-02-03..2027-02-24 | (XXXX-02-03,XXXX-02-24,P21D) |
14-15.10 | 1 4a - 1 5a . 1 0a | date | 2027-10-14..2027-10-15 | (XXXX-10-14,XXXX-10-15,P1D) |
3-5 мая | 3 - 5 M5 | date | 2027-05-03..2027-05-05 | (XXXX-05-03,XXXX-05-05,P2D) |
between 1/4 and 1/8 | FROM 1 / 4 + 1 / 8 | date | 2027-01-04..2027-01-08 | (XXXX-01-04,XXXX-01-08,P4D) | 2027-04-01..2027-08-01
december 28 to january 3 | M12 2 8a .. M1 3 | date | 2026-12-28..2027-01-03 | (XXXX-12-28,XXXX-01-03,P6D) |
from december 28 to january 3 2027 | FROM M12 2 8a .. M1 3 2 0a 2b 7a | date | 2026-12-28..2027-01-03 | (2026-12-28,2027-01-03,P6D) |
with years on both sides | 1 M5 2 0a 2b 7a - 2 M5 2 0a 2b 8a | date | 2027-05-01..2028-05-02 | (2027-05-01,2028-05-02,P367D) |
с 5 по 10 следующего месяца | FROM 5 .. 1 0a NEXT u_mo | date | 2026-11-05..2026-11-10 | (2026-11-05,2026-11-10,P5D) |
from monday to friday | FROM W1 .. W5 | date | 2026-10-26..2026-10-30 | (XXXX-WXX-1,XXXX-WXX-5,P4D) |
с понедельника по пятницу следующей недели | FROM W1 .. W5 NEXT u_w | date | 2026-10-26..2026-10-30 | (2026-10-26,2026-10-30,P4D) |
friday and saturday | W5 + W6 | date | 2026-10-23..2026-10-24 | (XXXX-WXX-5,XXXX-WXX-6,P1D) |
june to august | M6 .. M8 | date | 2027-06-01..2027-08-31 | (XXXX-06,XXXX-08,P91D) |
tomorrow till sunday | T1 .. W7 | date | 2026-10-21..2026-10-25 | (2026-10-21,XXXX-WXX-7,P4D) |
с 5 ноября на 3 дня | FROM 5 M11 FOR 3 u_d | date | 2026-11-05..2026-11-08 | (XXXX-11-05,2026-11-08,P3D) |
for a week from friday | FOR u_w FROM W5 | date | 2026-10-23..2026-10-30 | (XXXX-WXX-5,2026-10-30,P1W) |
3 nights from friday | 3 u_n FROM W5 | date | 2026-10-23..2026-10-26 | (XXXX-WXX-5,2026-10-26,P3D) |
friday or later | W5 AFTER | date | 2026-10-23.. | (XXXX-WXX-5,,) |
after friday | AFTER W5 | date | 2026-10-24.. | (XXXX-WXX-5,,) |
from friday on | FROM W5 | date | 2026-10-23.. | (XXXX-WXX-5,,) |
before may | BEFORE M5 | date | ..2027-04-30 | (,XXXX-05,) |
до пятницы | .. W5 | date | ..2026-10-23 | (,XXXX-WXX-5,) |
by november 5 | BY M11 5 | date | ..2026-11-05 | (,XXXX-11-05,) |
не позже чем через неделю | BY IN u_w | date | ..2026-10-27 | (,2026-10-27,) |
"""

TIMES = """
half past seven in the evening | HALF PAST n7 EVE | time | 19:30 | T19:30 |
полвосьмого вечера | HALF o8 EVE | time | 19:30 | T19:30 |
half seven | HALF n7 | time | 07:30 | T07:30 | 19:30
без четверти восемь | TO QUARTER n8 | time | 07:45 | T07:45 | 19:45
quarter to eight | QUARTER TO n8 | time | 07:45 | T07:45 | 19:45
quarter past midnight | QUARTER PAST MIDN | time | 00:15 | T00:15 |
десять минут восьмого утра | n10 u_min o8 MOR | time | 07:10 | T07:10 |
четверть первого дня | QUARTER o1 AFT | time | 12:15 | T12:15 |
без двадцати восемь вечера | TO n20 n8 EVE | time | 19:40 | T19:40 |
без двадцати пяти восемь вечера | TO n20 n5 n8 EVE | time | 19:35 | T19:35 |
без пяти минут час | TO n5 u_min u_h | time | 12:55 | T12:55 | 00:55
ten after seven pm | n10 AFTER n7 PM | time | 19:10 | T19:10 |
в час тридцать | AT u_h n30 | time | 13:30 | T13:30 | 01:30
0:45 in the morning | 0 : 4 5a MOR | time | 00:45 | T00:45 |
0:45 pm | 0 : 4 5a PM | time | 12:45 | T12:45 |
часам к семи вечера | ABOUT BY n7 EVE | time | ..19:00 | (,T19:00,) |
на 7 часов вечера | FOR 7 u_h EVE | time | 19:00 | T19:00 |
from 5 to 7 pm | FROM 5 TO 7 PM | time | 17:00..19:00 | (T17:00,T19:00,PT2H) |
from ten to eight till nine | FROM n10 TO n8 .. n9 | time | 07:50..09:00 | (T07:50,T09:00,PT1H10M) | 19:50..21:00
7 pm for two hours | 7 PM FOR n2 u_h | time | 19:00..21:00 | (T19:00,T21:00,PT2H) |
минут через двадцать | ABOUT u_min IN n20 | time | 2026-10-20T10:20 | 2026-10-20T10:20 |
7 | 7 | time | 07:00 | T07:00 | 19:00
at three | AT n3 | time | 15:00 | T15:00 | 03:00
twelve | n12 | time | 12:00 | T12:00 | 00:00
seven oh five pm | n7 n0 n5 PM | time | 19:05 | T19:05 |
twenty thirty | n20 n30 | time | 20:30 | T20:30 |
19:30 | 1 9a : 3 0a | time | 19:30 | T19:30 |
7:30 | 7 : 3 0a | time | 07:30 | T07:30 | 19:30
07:30 | 0 7a : 3 0a | time | 07:30 | T07:30 |
7.30 pm | 7 . 3 0a PM | time | 19:30 | T19:30 |
19-30 | 1 9a - 3 0a | time | 19:30 | T19:30 |
19ч30 | 1 9a u_h 3 0a | time | 19:30 | T19:30 |
7 часов 5 минут вечера | 7 u_h 5 u_min EVE | time | 19:05 | T19:05 |
1930 hours | 1 9a 3b 0a CLK | time | 19:30 | T19:30 |
seven o'clock in the morning | n7 CLK MOR | time | 07:00 | T07:00 |
час дня | u_h AFT | time | 13:00 | T13:00 |
12 am | 1 2a AM | time | 00:00 | T00:00 |
12 pm | 1 2a PM | time | 12:00 | T12:00 |
12 ночи | 1 2a NIGHT | time | 00:00 | T00:00 |
2 ночи | 2 NIGHT | time | 02:00 | T02:00 |
11 at night | 1 1a NIGHT | time | 23:00 | T23:00 |
noon | NOON | time | 12:00 | T12:00 |
midnight | MIDN | time | 00:00 | T24:00 |
24:00 | 2 4a : 0 0a | time | 00:00 | T24:00 |
about 7 pm | ABOUT 7 PM | time | 19:00 | T19:00 |
7 or 8 pm | 7 OR 8 PM | time | 19:00 | T19:00 | 20:00
lunch at 1 | LUNCH AT 1 | time | 13:00 | T13:00 |
dinner at 8 | DINNER AT 8 | time | 20:00 | T20:00 |
breakfast at 8 | BREAKFAST AT 8 | time | 08:00 | T08:00 |
in the evening | EVE | time | 18:00..22:00 | TEV |
утром | MOR | time | 06:00..12:00 | TMO |
late evening | END EVE | time | 20:00..22:00 | TEV |
mid-afternoon | MID AFT | time | 13:30..16:30 | TAF |
7 to 9 pm | 7 .. 9 PM | time | 19:00..21:00 | (T19:00,T21:00,PT2H) |
11 to 2 pm | 1 1a .. 2 PM | time | 11:00..14:00 | (T11:00,T14:00,PT3H) |
с семи до девяти вечера | FROM n7 .. n9 EVE | time | 19:00..21:00 | (T19:00,T21:00,PT2H) |
between 5 and 6 pm | FROM 5 + 6 PM | time | 17:00..18:00 | (T17:00,T18:00,PT1H) |
from 9 am to 5 | FROM 9 AM .. 5 | time | 09:00..17:00 | (T09:00,T17:00,PT8H) |
10 pm to 2 | 1 0a PM .. 2 | time | 22:00..02:00 | (T22:00,T02:00,PT4H) |
10-18 | 1 0a - 1 8a | time | 10:00..18:00 | (T10:00,T18:00,PT8H) |
09-11 | 0 9a - 1 1a | time | 09:00..11:00 | (T09:00,T11:00,PT2H) |
10:00-11:30 | 1 0a : 0 0a - 1 1a : 3 0a | time | 10:00..11:30 | (T10:00,T11:30,PT1H30M) | 22:00..23:30
7-9 | 7 - 9 | time | 07:00..09:00 | (T07:00,T09:00,PT2H) | 19:00..21:00
after 6 pm | AFTER 6 PM | time | 18:00.. | (T18:00,,) |
after lunch | AFTER LUNCH | time | 14:00.. | (TMEL,,) |
к шести вечера | BY n6 EVE | time | ..18:00 | (,T18:00,) |
6 pm at the latest | 6 PM BY | time | ..18:00 | (,T18:00,) |
before noon | BEFORE NOON | time | ..12:00 | (,T12:00,) |
"""

MOMENTS = """
friday at 7 pm | W5 AT 7 PM | datetime | 2026-10-23T19:00 | XXXX-WXX-5T19:00 |
2 ноября в 19:30 | 2 M11 AT 1 9a : 3 0a | datetime | 2026-11-02T19:30 | XXXX-11-02T19:30 |
today at 7 | T0 AT 7 | datetime | 2026-10-20T19:00 | 2026-10-20T19:00 | 2026-10-20T07:00
tonight at eight | TONIGHT AT n8 | datetime | 2026-10-20T20:00 | 2026-10-20T20:00 |
tomorrow midnight | T1 MIDN | datetime | 2026-10-22T00:00 | 2026-10-21T24:00 | 2026-10-21T00:00
9 am | 9 AM | datetime | 2026-10-21T09:00 | T09:00 |
7 pm | 7 PM | datetime | 2026-10-20T19:00 | T19:00 |
friday 7 | W5 7 | datetime | 2026-10-23T07:00 | XXXX-WXX-5T07:00 | 2026-10-23T19:00
in two hours | IN n2 u_h | time | 2026-10-20T12:00 | 2026-10-20T12:00 |
через полчаса | IN HALF u_h | time | 2026-10-20T10:30 | 2026-10-20T10:30 |
in an hour and a half | IN u_h + HALF | time | 2026-10-20T11:30 | 2026-10-20T11:30 |
90 seconds from now | 9 0a u_s LATER | time | 2026-10-20T10:01 | 2026-10-20T10:01 |
сейчас | NOW | time | 2026-10-20T10:00 | PRESENT_REF |
late tonight | END TONIGHT | time | 2026-10-20T21:00..2026-10-21T00:00 | 2026-10-20TNI |
friday evening | W5 EVE | datetime | 2026-10-23T18:00..2026-10-23T22:00 | XXXX-WXX-5TEV |
this evening | THIS EVE | datetime | 2026-10-20T18:00..2026-10-20T22:00 | 2026-10-20TEV |
friday from 5 to 7 pm | W5 FROM n5 .. n7 PM | time | 2026-10-23T17:00..2026-10-23T19:00 | (XXXX-WXX-5T17:00,XXXX-WXX-5T19:00,PT2H) |
5-7 pm tomorrow | 5 - 7 PM T1 | time | 2026-10-21T17:00..2026-10-21T19:00 | (2026-10-21T17:00,2026-10-21T19:00,PT2H) |
friday after 6 pm | W5 AFTER 6 PM | datetime | 2026-10-23T18:00.. | (XXXX-WXX-5T18:00,,) |
friday until 6 pm | W5 .. 6 PM | datetime | ..2026-10-23T18:00 | (,XXXX-WXX-5T18:00,) |
friday 6 pm to sunday noon | W5 6 PM .. W7 NOON | time | 2026-10-23T18:00..2026-10-25T12:00 | (XXXX-WXX-5T18:00,XXXX-WXX-7T12:00,) |
"""

AMOUNTS = """
me, my wife and two kids | PER PER + n2 KID | number | 4 | - |
the four of us | n4 PPL | number | 4 | - |
нас четверо | PPL n4 | number | 4 | - |
на двоих | FOR n2 | number | 2 | - |
2 adults 1 child | 2 ADULT 1 KID | number | 3 | - |
two couples | n2 CPL | number | 4 | - |
a couple | CPL | number | 2 | - |
нас двое с ребёнком | PPL n2 + n1 KID | number | 3 | - |
3-5 people | 3 - 5 PPL | number | 3..5 | - |
up to five | MAX n5 | number | ..5 | - |
not less than two rooms | MIN n2 ROOM | number | 2.. | - |
more than five people | OVER n5 PPL | number | 6.. | - |
under five bags | UNDER n5 BAG | number | ..4 | - |
five or more | n5 MIN | number | 5.. | - |
about ten | ABOUT n10 | number | 10 | - |
без багажа | NO BAG | number | 0 | - |
three tickets | n3 TICKET | number | 3 | - |
four star | n4 STAR | number | 4 | - |
2 or 3 people | 2 OR 3 PPL | number | 2 | - | 3
a week | u_w | number | 7 | - |
3 ночи | 3 u_n | number | 3 | - |
two hundred and fifty | n2 n100 + n50 | number | 250 | - |
1,250 | 1 , 2 5a 0b | number | 1250 | - |
3,5 | 3 , 5 | number | 3.5 | - |
a week | u_w | duration | P7D | P1W |
2-3 nights | 2 - 3 u_n | duration | P2D..P3D | - |
two and a half hours | n2 + HALF u_h | duration | PT2H30M | PT2H30M |
полтора часа | n1.5 u_h | duration | PT1H30M | PT1H30M |
three quarters of an hour | n3 QUARTER u_h | duration | PT45M | PT45M |
1h30 | 1 u_h 3 0a | duration | PT1H30M | PT1H30M |
at least a month | MIN u_mo | duration | P1M.. | - |
a week or two | u_w OR n2 | duration | P7D | P1W | P14D
полгода | HALF u_y | duration | P6M | P6M |
$1,250.50 | $ 1 , 2 5a 0b . 5 0a | money | 1250.5 USD | - |
полторы тысячи рублей | n1.5 x_k RUB | money | 1500 RUB | - |
15k | 1 5a x_k | money | 15000 None | - |
half a million yen | HALF x_m JPY | money | 500000 JPY | - |
тысяча рублей | x_k RUB | money | 1000 RUB | - |
пара тысяч евро | CPL x_k EUR | money | 2000 EUR | - |
three pounds fifty pence | n3 GBP n50 CENT | money | 3.5 GBP | - |
fifty cents | n50 CENT | money | 0.5 None | - |
15 dollars 50 | 1 5a $ 5 0a | money | 15.5 USD | - |
3 hundred euros | 3 n100 EUR | money | 300 EUR | - |
5 people, 3 adults and 2 kids | 5 PPL 3 ADULT + 2 KID | number | 5 | - |
4 people and 2 kids | 4 PPL + 2 KID | number | 6 | - |
человек десять | ABOUT PPL n10 | number | 10 | - |
часа два | ABOUT u_h n2 | duration | PT2H | PT2H |
дней на пять | ABOUT u_d FOR n5 | duration | P5D | P5D |
полтора месяца | n1.5 u_mo | duration | P1M15D | P1M15D |
half a dozen | HALF n12 | number | 6 | - |
a couple hundred euros | CPL n100 EUR | money | 200 EUR | - |
27 тысяч 285 рублей | 2 7a x_k 2 8a 5b RUB | money | 27285 RUB | - |
under 300 dollars | UNDER 3 0a 0b $ | money | ..300 USD | - |
до 300 евро | .. 3 0a 0b EUR | money | ..300 EUR | - |
от 5 до 10 тысяч рублей | FROM 5 .. 1 0a x_k RUB | money | 5000..10000 RUB | - |
$50-$100 | $ 5 0a - $ 1 0a 0b | money | 50..100 USD | - |
5 000 руб. | 5 0 0a 0b RUB | money | 5000 RUB | - |
300 euros or less | 3 0a 0b EUR MAX | money | ..300 EUR | - |
at most 100 usd | MAX 1 0a 0b USD | money | ..100 USD | - |
from 100 pounds | FROM 1 0a 0b GBP | money | 100.. GBP | - |
"""

UNASKED = """
7 | 7 | None | 7 | - | 07:00 ; 19:00
7:30 | 7 : 3 0a | None | 07:30 | T07:30 | 19:30
seven thirty | n7 n30 | None | 07:30 | T07:30 | 19:30
3/4 | 3 / 4 | None | 2027-03-04 | XXXX-03-04 | 2027-04-03
2.5 | 2 . 5 | None | 2.5 | - | 2027-05-02
3 nights | n3 u_n | None | P3D | P3D |
$50 | $ 5 0a | None | 50 USD | - |
two adults | n2 ADULT | None | 2 | - |
завтра | T1 | None | 2026-10-21 | 2026-10-21 |
300 | 3 0a 0b | None | 300 | - |
"""


def rows(*tables: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for table in tables for line in table.strip().splitlines()]


def shown(value: Value) -> str:
    def side(found: object) -> str:
        return "" if found is None else str(found.value) if isinstance(found, Money) else str(found)

    said = f"{side(value.start)}..{side(value.end)}" if value.is_range else side(value.value)
    money = next((found for found in (value.value, value.start, value.end) if isinstance(found, Money)), None)
    return f"{said} {money.currency}" if money else said


@pytest.mark.parametrize(
    ("phrase", "symbols", "kind", "value", "timex", "others"), rows(DATES, STRETCHES, TIMES, MOMENTS, AMOUNTS, UNASKED)
)
def test_a_phrase_has_its_value(phrase: str, symbols: str, kind: str, value: str, timex: str, others: str) -> None:
    found = resolve(symbols.split(), None if kind == "None" else kind, CONTEXT)
    assert isinstance(found, Understood), (phrase, found)
    assert (shown(found.value), found.value.timex or "-") == (value, timex), phrase
    assert [shown(other) for other in found.alternatives] == [other.strip() for other in others.split(";") if other], phrase


REFUSED = """
31 февраля | 3 1a M2 | date | impossible
february 29 2027 | M2 2 9a 2 0a 2b 7a | date | impossible
31.04 | 3 1a . 0 4a | date | impossible
31/31 | 3 1a / 3 1a | date | impossible
25:00 | 2 5a : 0 0a | time | impossible
19:60 | 1 9a : 6 0a | time | impossible
24:30 | 2 4a : 3 0a | time | impossible
monday, november 6 | W1 M11 6 | date | contradiction
friday monday | W5 W1 | date | contradiction
may june | M5 M6 | date | contradiction
15 in the morning | 1 5a MOR | time | contradiction
7 am pm | 7 AM PM | time | contradiction
30 may to 2 | 3 0a M5 .. 2 | date | contradiction
from 100 down to 50 dollars | 1 0a 0b - 5 0a $ | money | contradiction
100 dollars to 200 euros | 1 0a 0b $ .. 2 0a 0b EUR | money | contradiction
two rooms and a child | n2 ROOM + n1 KID | number | contradiction
friday and monday | W5 + W1 | date | vague
in a few days | IN FEW u_d | date | vague
несколько | FEW | number | vague
with kids | PER + KID | number | vague
1.250 dollars | 1 . 2 5a 0b $ | money | vague
next week at 7 | NEXT u_w AT 7 | time | vague
2 ноября двадцать тридцать | 2 M11 n20 n30 | datetime | vague
half a week | HALF u_w | duration | vague
an hour two | u_h n2 | duration | out_of_place
every friday | UNK W5 | date | unknown_part
monday the 13th, which is far | W1 1 3a TH | date | contradiction
breakfast tonight | TONIGHT BREAKFAST | time | vague
september 4 19 | M9 4 1 9a | date | out_of_place
the month | u_mo | date | out_of_place
3 days | n3 u_d | date | out_of_place
october and a digit too many | M10 2 2 | date | out_of_place
seven eight people | 7 8 PPL | number | out_of_place
next | NEXT | date | out_of_place
friday this | W5 THIS | date | out_of_place
2 days of money | 2 u_d $ | money | out_of_place
5 | 5 | duration | out_of_place
7 pm | 7 PM | date | wrong_kind
tomorrow | T1 | time | wrong_kind
five pm | 5 PM | number | out_of_place
no symbols | | date | empty
a digit out of its group | 5a M5 | date | out_of_place
three dates in a range | W1 .. W2 .. W3 | date | out_of_place
friday in a month of hours | W5 IN n2 u_h | date | out_of_place
year 9999 and a week | 3 1a M12 9 9a 9b 9a | date | impossible
"""


@pytest.mark.parametrize(("phrase", "symbols", "kind", "reason"), rows(REFUSED))
def test_a_phrase_is_refused_for_its_reason(phrase: str, symbols: str, kind: str, reason: str) -> None:
    found = resolve(symbols.split(), kind, CONTEXT)
    assert isinstance(found, NotUnderstood), (phrase, found)
    assert found.reason == reason, (phrase, found)
    assert found.detail
