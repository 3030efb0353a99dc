"""What the converters make of public records, on sentences of our own in the sets' forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import LabelError
from tests.training.data.marking import marked, shown
from training.data.booking import CONVERTERS
from training.data.booking_spans import SLOTS, span
from training.data.records import Dropped, Record

INTENTS = {
    *("book_flight", "book_train", "book_bus", "book_ride", "rent_car", "book_hotel", "book_restaurant", "book_event", "book_movie"),
    *("cancel_booking", "affirm", "negate", "thanks", "goodbye", "greet", "out_of_scope"),
}


def sgd(text: str, intent: str | None, service: str | list[str], acts: list[list[object]] | None = None) -> Record:
    """A turn as that set has it; ``acts`` None as in its older revision."""
    plain, spans = marked(text, "slot_full")
    record = {"text": plain, "spans": spans, "intent": intent, "service": service, "source": "sgd/own/1"}
    return record if acts is None else {**record, "acts": acts}


def converted(name: str, text: str, intent: str | None = None, **fields: object) -> Record:
    plain, spans = marked(text)
    outcome = CONVERTERS[name]({"text": plain, "spans": spans, "intent": intent, **fields})
    assert isinstance(outcome, dict), outcome
    return outcome


@pytest.mark.parametrize(
    ("record", "wanted", "intent"),
    [
        (
            sgd("A bus [from Graz](Buses_1/from_location) on [the 9th](Buses_1/leaving_date)", "FindBus", "Buses_1"),
            "A bus from [Graz](origin) on the [9th](departure_date)",
            "book_bus",
        ),
        (
            sgd(
                "Fly to [Porto](Flights_1/destination_city), back [Friday](Flights_1/return_date)",
                "SearchRoundtripFlights",
                "Flights_1",
            ),
            "Fly to [Porto](destination), back [Friday](return_date)",
            "book_flight",
        ),
        (
            sgd("I rent a car in [Split](RentalCars_1/pickup_city)", "GetCarsAvailable", "RentalCars_1"),
            "I rent a car in [Split](location)",
            "rent_car",
        ),
        (
            sgd("I pick the car up in [Split](RentalCars_1/pickup_city)", "GetCarsAvailable", "RentalCars_1"),
            "I pick the car up in [Split](pickup_location)",
            "rent_car",
        ),
        (
            sgd("A [rock](Events_1/subcategory) concert", "FindEvents", "Events_1", [["INFORM", "subcategory", ["rock"], ["rock"]]]),
            "A [rock concert](event_type)",
            "book_event",
        ),
        (
            sgd("A table for three", "ReserveRestaurant", "Restaurants_1", [["INFORM", "party_size", ["3"], ["3"]]]),
            "A table for [three](people)",
            "book_restaurant",
        ),
        (
            sgd("Yes, then go ahead and do it", "BookHouse", "Hotels_2", [["AFFIRM_INTENT", "", [], []]]),
            "Yes, then go ahead and do it",
            "affirm",
        ),
        (sgd("A bank transfer to [Ivo](Banks_1/x)", "TransferMoney", "Banks_1"), "A bank transfer to Ivo", "out_of_scope"),
    ],
)
def test_guided_dialogues_give_roles_by_service(record: Record, wanted: str, intent: str) -> None:
    outcome = CONVERTERS["sgd"](record)
    assert shown(outcome) == wanted
    assert isinstance(outcome, dict)
    assert outcome["intent"] == intent


def test_a_value_that_is_not_found_in_the_text_leaves_its_label_open() -> None:
    acts = [["INFORM", "party_size", ["2"], ["2"]]]
    outcome = CONVERTERS["sgd"](sgd("A table for my sister and me", "ReserveRestaurant", "Restaurants_1", acts))
    assert isinstance(outcome, dict)
    assert "people" not in outcome["annotated"]
    assert "time" in outcome["annotated"]


@pytest.mark.parametrize(
    "record",
    [
        sgd("I arrive there on [the 9th](Flights_1/departure_date)", "SearchOnewayFlight", "Flights_1"),
        sgd("I leave on [the 9th](Flights_1/return_date)", "SearchRoundtripFlights", "Flights_1"),
        sgd("Keep it until [Monday](RentalCars_1/pickup_date)", "GetCarsAvailable", "RentalCars_1"),
        sgd("[Graz](Services_1/city)", "FindProvider", "Services_1"),
        sgd("A hotel, and note [Monday](Calendar_1/event_date)", "SearchHotel", ["Hotels_1", "Calendar_1"]),
    ],
)
def test_turns_whose_roles_or_subject_are_not_clear_are_left_out(record: Record) -> None:
    assert isinstance(CONVERTERS["sgd"](record), Dropped)


@pytest.mark.parametrize("service", ["Ships_1", "Hotels_1"])
def test_a_service_or_slot_without_a_row_is_an_error_not_a_guess(service: str) -> None:
    with pytest.raises(LabelError, match="add a row"):
        CONVERTERS["sgd"](sgd(f"a [cabin]({service}/deck)", "SearchHotel", service))


def test_restaurant_turns_mark_their_five_labels_and_leave_the_house_open() -> None:
    outcome = converted("restaurants8k", "Book us in, [4](people) people at [7](time) pm")
    assert shown(outcome) == "Book us in, [4 people](people) at [7 pm](time)"
    assert outcome["intent"] == "book_restaurant"
    assert "location" not in outcome["annotated"]
    assert {"people", "origin"} <= set(outcome["annotated"])
    assert converted("restaurants8k", "please cancel my table")["intent"] == "cancel_booking"


def test_airline_chat_gives_names_and_routes() -> None:
    assert shown(converted("multidogo", "i am [ada lund](name)", "contentonly")) == "i am [ada](first_name) [lund](last_name)"
    route = converted("multidogo", "a flight from [graz](departure_city) to [oslo](arrival_city)", "bookflight")
    assert shown(route) == "a flight from [graz](origin) to [oslo](destination)"
    assert route["intent"] == "book_flight"
    assert converted("multidogo", "another seat for me please", "changeseatassignment")["intent"] == "out_of_scope"


@pytest.mark.parametrize("text", ["from [oslo](arrival_city)", "on [91826](start_date)", "at [p](arrival_time)"])
def test_airline_chat_with_lost_separators_or_swapped_roles_is_left_out(text: str) -> None:
    plain, spans = marked(text)
    assert isinstance(CONVERTERS["multidogo"]({"text": plain, "spans": spans, "intent": "contentonly"}), Dropped)


def test_a_hotel_date_takes_its_role_from_the_intent_atoms() -> None:
    for atoms, role in ((["restaurant", "booking"], "date"), (["check_out"], "check_out_date"), (["booking"], "check_in_date")):
        outcome = converted("nlupp_hotels", "it is for [Monday](date)", intents=atoms)
        assert shown(outcome) == f"it is for [Monday]({role})"
    unclear = converted("nlupp_hotels", "it is for [Monday](date)", intents=["change", "booking"])
    assert shown(unclear) == "it is for Monday"
    assert not {"date", "check_in_date", "check_out_date"} & set(unclear["annotated"])


def test_restaurants_of_the_assistant_join_a_town_with_its_country() -> None:
    outcome = converted("snips", "a place in [Graz](city), [Austria](country) [at noon](timeRange)", "BookRestaurant")
    assert shown(outcome) == "a place in [Graz, Austria](location) at [noon](time)"
    both = {"text": "x", "spans": [span(0, 1, "timeRange")], "intent": "BookRestaurant"}
    assert isinstance(CONVERTERS["snips"](both), Dropped)


def test_places_without_a_role_are_never_given_one() -> None:
    for name in ("massive_en", "hwu64"):
        ticket = converted(name, "a train ticket to [graz](place_name)", "transport_ticket")
        assert (ticket["spans"], ticket["annotated"], ticket["intent"]) == ([], [], "book_train")
        weather = converted(name, "is it raining in [graz](place_name)", "weather_query")
        assert (weather["spans"], weather["intent"]) == ([], "out_of_scope")


def test_the_act_gives_a_restaurant_a_date_and_a_train_a_departure_date() -> None:
    for domain, role in (("Restaurant", "date"), ("Train", "departure_date"), ("Hotel", "check_in_date")):
        text, spans = marked(f"maybe [Monday]({domain}-Inform/Day)", "slot_full")
        outcome = CONVERTERS["multiwoz21"]({"text": text, "spans": spans, "intent": f"{domain}-Inform"})
        assert shown(outcome) == f"maybe [Monday]({role})"


def test_stations_have_roles() -> None:
    outcome = converted("chatbot_transport", "next train from [altmarkt](StationStart) to [neustadt](StationDest)", "FindConnection")
    assert shown(outcome) == "next train from [altmarkt](origin) to [neustadt](destination)"
    assert outcome["intent"] == "book_train"


@pytest.mark.parametrize(
    ("raw", "wanted"), [("book_flight", "book_flight"), ("uber", "book_ride"), ("yes", "affirm"), ("recipe", "out_of_scope")]
)
def test_intents_without_slots_leave_booking_spans_open(raw: str, wanted: str) -> None:
    outcome = converted("clinc150", "some words of ours", raw)
    assert outcome["intent"] == wanted
    assert outcome.get("annotated") == (None if wanted == "out_of_scope" else [])


@given(st.sampled_from(sorted(CONVERTERS.keys() - {"none", "requested"})), st.text(max_size=60), st.none() | st.text(max_size=20))
def test_converters_take_any_text_and_intent(name: str, text: str, intent: str | None) -> None:
    service = "Flights_3" if name == "cod_ru" else "Hotels_1"
    outcome = CONVERTERS[name]({"text": text, "spans": [], "intent": intent, "service": service, "intents": []})
    if isinstance(outcome, dict):
        assert outcome["intent"] is None or outcome["intent"] in INTENTS
        assert set(outcome.get("annotated") or ()) <= set(SLOTS)


@pytest.mark.parametrize(
    ("text", "service", "intent", "wanted"),
    [
        ("[the 9th](Buses_1/leaving_date), please", "Buses_1", "FindBus", "the [9th](date), please"),
        ("on [the 9th](RentalCars_1/dropoff_date)", "RentalCars_1", "ReserveCar", "on the [9th](date)"),
        ("at [half six](RentalCars_1/pickup_time)", "RentalCars_1", "ReserveCar", "at [half six](time)"),
        ("I want [Graz](Buses_1/to_location)", "Buses_1", "FindBus", "I want Graz"),
        ("leaving [the 9th](Buses_1/leaving_date)", "Buses_1", "FindBus", "leaving the [9th](departure_date)"),
        ("a bus on [the 9th](Buses_1/leaving_date)", "Buses_1", "FindBus", "a bus on the [9th](departure_date)"),
    ],
)
def test_a_role_that_only_the_dialogue_tells_is_not_claimed(text: str, service: str, intent: str, wanted: str) -> None:
    assert shown(CONVERTERS["sgd"](sgd(text, intent, service))) == wanted


def test_a_place_without_a_role_is_no_negative_either() -> None:
    outcome = CONVERTERS["sgd"](sgd("I want [Graz](Buses_1/to_location)", "FindBus", "Buses_1"))
    assert isinstance(outcome, dict)
    assert not {"origin", "destination", "location"} & set(outcome["annotated"])


def cod(text: str, acts: list[list[object]], service: str = "Flights_3") -> Record:
    """A Russian turn as that set has it."""
    plain, spans = marked(text)
    return {"text": plain, "spans": spans, "intent": "SearchOnewayFlight", "service": service, "acts": acts}


INFORM: list[object] = ["INFORM", "x", [], []]


@pytest.mark.parametrize(
    ("text", "acts", "wanted", "intent"),
    [
        (
            "Лечу [в Киров](destination_city) [5-го](departure_date)",
            [INFORM],
            "Лечу в [Киров](destination) [5-го](departure_date)",
            "book_flight",
        ),
        ("На [5 число](departure_date).", [INFORM], "На [5 число](date).", None),
        ("Обратно [на 9 мая](return_date)", [INFORM], "Обратно на [9 мая](return_date)", None),
        ("Рейс Победой", [["INFORM", "airlines", ["Победой"], []]], "Рейс [Победой](carrier)", "book_flight"),
        ("Билеты на двоих", [["INFORM", "passengers", ["на двоих"], []]], "Билеты на [двоих](people)", None),
        ("рейс без пересадок", [["INFORM", "number_checked_bags", ["без пересадок"], []]], "рейс [без пересадок](stops)", "book_flight"),
        ("Годится этот рейс.", [["SELECT", "", [], []]], "Годится этот рейс.", "affirm"),
    ],
)
def test_russian_dialogues_give_roles_that_their_words_show(text: str, acts: list[list[object]], wanted: str, intent: str | None) -> None:
    outcome = CONVERTERS["cod_ru"](cod(text, acts))
    assert isinstance(outcome, dict)
    assert (shown(outcome), outcome["intent"]) == (wanted, intent)


def test_a_russian_turn_with_a_swapped_role_or_no_subject_is_left_out_and_a_foreign_one_has_no_spans() -> None:
    assert isinstance(CONVERTERS["cod_ru"](cod("Из [Твери](destination_city)", [INFORM])), Dropped)
    assert isinstance(CONVERTERS["cod_ru"](cod("В Твери", [INFORM], "Weather_1")), Dropped)
    rain = CONVERTERS["cod_ru"](cod("Будет дождь в [Твери](city)?", [INFORM], "Weather_1"))
    assert isinstance(rain, dict)
    assert (rain["spans"], rain["intent"]) == ([], "out_of_scope")
    with pytest.raises(LabelError, match="add a row"):
        CONVERTERS["cod_ru"](cod("Билет", [INFORM], "Ships_1"))


def test_a_value_of_a_russian_act_that_is_not_in_the_text_leaves_its_label_open() -> None:
    outcome = CONVERTERS["cod_ru"](cod("Рейс подешевле", [["INFORM", "airlines", ["Азимут"], []]]))
    assert isinstance(outcome, dict)
    assert "carrier" not in outcome["annotated"]


@pytest.mark.parametrize(
    ("text", "wanted", "intent"),
    [
        ("Ищу [тайский](food) ресторан", "Ищу [тайский](cuisine) ресторан", "book_restaurant"),
        ("Нужен поезд, отправление после [9:40](time)", "Нужен поезд, отправление после [9:40](departure_time)", "book_train"),
        ("поезд должен прибыть к [9:40](time)", "поезд должен прибыть к [9:40](arrival_time)", None),
        ("Уеду я или приеду в [9:40](time)", "Уеду я или приеду в 9:40", "dropped"),
        ("Столик на [9:40](time), пожалуйста", "Столик на [9:40](time), пожалуйста", "book_restaurant"),
        ("Нужно такси до [Сакуры](restaurant_name)", "Нужно такси до Сакуры", "book_ride"),
        ("Какой адрес у отеля?", "", "dropped"),
    ],
)
def test_translated_turns_mark_what_is_sure_and_no_word_of_them_is_a_negative(text: str, wanted: str, intent: str | None) -> None:
    plain, spans = marked(text)
    outcome = CONVERTERS["multiwoz_ru"]({"text": plain, "spans": spans, "intent": None})
    if intent == "dropped":
        assert isinstance(outcome, Dropped)
    else:
        assert isinstance(outcome, dict)
        assert (shown(outcome), outcome["intent"], outcome["annotated"]) == (wanted, intent, [])


@pytest.mark.parametrize(
    ("text", "raw", "intent"),
    [
        ("поставь будильник", "alarm_set", "out_of_scope"),
        ("билет на поезд в [тверь](place_name)", "transport_ticket", "book_train"),
        ("вызови такси", "transport_taxi", "book_ride"),
        ("добрый день", "general_greet", "greet"),
    ],
)
def test_russian_commands_are_read_by_the_table_of_the_english_ones(text: str, raw: str, intent: str) -> None:
    outcome = converted("massive_ru", text, raw)
    assert (outcome["spans"], outcome["intent"]) == ([], intent)


def test_an_answer_has_the_role_that_was_asked_for_only_where_its_dialogue_is_known() -> None:
    acts = [["INFORM", "check_in_date", ["the 9th"], ["2019-03-09"]]]
    record = sgd("Make it [the 9th](Hotels_4/check_in_date) please", "ReserveHotel", "Hotels_4", acts)
    outcome = CONVERTERS["sgd"](record)
    assert isinstance(outcome, dict)
    assert shown(outcome) == "Make it the [9th](date) please"
    assert outcome["intent"] is None
    dialogue = outcome["in_dialogue"]
    assert shown({**outcome, **dialogue}) == "Make it the [9th](check_in_date) please"
    assert (dialogue["asked"], dialogue["ongoing"], dialogue["intent"]) == (["check_in_date"], "book_hotel", "book_hotel")


def test_what_the_restaurant_had_asked_for_is_kept() -> None:
    outcome = converted("restaurants8k", "[13](people)", requested=["people", "no_such_slot"])
    assert outcome["in_dialogue"] == {"asked": ["people"]}
