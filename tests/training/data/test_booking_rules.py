"""The rules that all converters share: what belongs to a span, where a value stands, what an utterance shows by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.data.marking import marked, shown
from training.data.booking_spans import SLOTS, contradicted, names_split, span, tidy
from training.data.booking_surfaces import find
from training.data.booking_turns import shown_intent, small_talk


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("see you [on the 4th](date)", "see you on the [4th](date)"),
        ("[for two adults](people), please", "for [two adults](people), please"),
        ("[two](people) adults and [1](people) kid", "[two adults](people) and [1 kid](people)"),
        ("[five](people) of us", "[five of us](people)"),
        ("stay [three nights](nights)", "stay [three](nights) nights"),
        ("stay [a week](nights)", "stay [a week](nights)"),
        ("take [a double room](rooms)", "take a double room"),
        ("[2 rooms](rooms)", "[2](rooms) rooms"),
        ("in [business class](travel_class)", "in [business](travel_class) class"),
        ("[in two weeks](date)", "[in two weeks](date)"),
        ("[tomorrow evening](departure_date)", "[tomorrow](departure_date) [evening](departure_time)"),
        ("late [this evening](date)", "late [this evening](date)"),
        ("at [7:15](time) p.m. then", "at [7:15 p.m.](time) then"),
        ("at [half past six](time) in the morning", "at [half past six in the morning](time)"),
        ("at [8pm.](time)", "at [8pm](time)."),
        ("on [3 June](date), 2031", "on [3 June, 2031](date)"),
        ("[в следующую среду](date)", "в [следующую среду](date)"),
        ("[через неделю](date)", "[через неделю](date)"),
        ("[завтра утром](departure_date)", "[завтра](departure_date) [утром](departure_time)"),
        ("в [17:15](time) вечера", "в [17:15 вечера](time)"),
        ("[4-го марта](date) 2031 года", "[4-го марта 2031 года](date)"),
        ("на [2](people) взрослых", "на [2 взрослых](people)"),
        ("see [The Quiet Harbour](movie_name)", "see The [Quiet Harbour](movie_name)"),
        ("see [From Here to Dusk](movie_name)", "see [From Here to Dusk](movie_name)"),
        ("[the](date)", "[the](date)"),
    ],
)
def test_spans_are_cut_by_the_rules_of_the_label_set(given_text: str, wanted: str) -> None:
    text, spans = marked(given_text)
    assert shown({"text": text, "spans": tidy(text, spans)}) == wanted


@given(st.text(alphabet="ab 1.,'é-\n", min_size=1, max_size=40), st.data())
def test_tidy_keeps_spans_inside_the_text_and_is_done_after_one_time(text: str, chooser: st.DataObject) -> None:
    start = chooser.draw(st.integers(0, len(text) - 1))
    end = chooser.draw(st.integers(start + 1, len(text)))
    label = chooser.draw(st.sampled_from(SLOTS))
    once = tidy(text, [span(start, end, label)])
    assert all(0 <= one["start"] < one["end"] <= len(text) for one in once)
    assert tidy(text, once) == once


@pytest.mark.parametrize(
    ("text", "label", "value", "wanted"),
    [
        ("a table for four", "people", "4", "a table for [four](people)"),
        ("3 one-way tickets", "people", "3", "[3](people) one-way tickets"),
        ("take 2 adults", "people", "2", "take [2 adults](people)"),
        ("a one-way flight", "people", "1", "a one-way flight"),
        ("for two nights", "people", "2", "for two nights"),
        ("only 15 minutes", "people", None, "only 15 minutes"),
        ("not for 7 pm sharp", "people", None, "not for 7 pm sharp"),
        ("two cheap rooms", "rooms", "2", "[two](rooms) cheap rooms"),
        ("a 4-star place", "star_rating", "4", "a [4](star_rating)-star place"),
        ("in Premium Economy", "travel_class", "Premium Economy", "in [Premium Economy](travel_class)"),
        ("in Premium Economy", "travel_class", "Economy", "in Premium Economy"),
        ("the first bus", "travel_class", None, "the first bus"),
        ("with Delta", "carrier", "Delta Airlines", "with [Delta](carrier)"),
        ("a nonstop one", "stops", "0", "a [nonstop](stops) one"),
        ("a small car", "car_type", "Compact", "a [small](car_type) car"),
        ("some jazz concert", "event_type", "Music", "some jazz [concert](event_type)"),
        ("with 2 checked bags", "bags", "2", "with [2 checked bags](bags)"),
    ],
)
def test_values_are_found_where_the_text_says_them(text: str, label: str, value: str | None, wanted: str) -> None:
    assert shown({"text": text, "spans": find(text, label, value, ())}) == wanted


def test_words_of_another_span_are_not_taken_for_a_value() -> None:
    assert find("for two", "people", "2", [span(4, 7, "nights")]) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Yup, ideal, exactly so.", "affirm"),
        ("Да, всё верно", "affirm"),
        ("Нет, спасибо, это всё", "negate"),
        ("Большое спасибо за помощь!", "thanks"),
        ("Пока, до свидания", "goodbye"),
        ("Доброе утро", "greet"),
        ("Мне не подходит", None),
        ("nope, nothing of it today", "negate"),
        ("No, and that's all of it, thanks", "negate"),
        ("great, all my thanks to you!", "thanks"),
        ("okay then, goodbye now", "goodbye"),
        ("hello there, good morning", "greet"),
        ("yes, to Oslo", None),
        ("my thanks, and goodbye now", None),
        ("", None),
    ],
)
def test_small_talk_is_told_only_where_nothing_else_is_said(text: str, wanted: str | None) -> None:
    assert small_talk(text) == wanted


def test_an_intent_needs_a_word_or_a_label_that_shows_it() -> None:
    assert shown_intent("the ninth, please", "book_hotel", {"date"}) is None
    assert shown_intent("the ninth, please", "book_hotel", {"check_in_date"}) == "book_hotel"
    assert shown_intent("some hotel near the pier", "book_hotel", set()) == "book_hotel"
    assert shown_intent("I travel from Brno", "book_flight", {"origin"}) == "book_flight"
    assert shown_intent("cancel the hotel", "book_hotel", set()) is None


def test_a_role_that_the_words_in_front_deny_is_noticed() -> None:
    for text, wrong in (
        ("from [Bergen](destination)", True),
        ("to [Bergen](destination)", False),
        ("until [Monday](check_in_date)", True),
        ("from [Monday](check_in_date)", False),
    ):
        plain, spans = marked(text)
        assert contradicted(plain, spans) is wrong, text


def test_only_a_name_of_two_words_is_split() -> None:
    text, spans = marked("[ada lund](name) and [ada](name)")
    split, unsure = names_split(text, spans)
    assert shown({"text": text, "spans": split}) == "[ada](first_name) [lund](last_name) and ada"
    assert unsure == {"first_name", "last_name"}
