"""Which slots say a value, and of which kind: the one table. A slot that does not stand here says its words and no more.

The labels are those of ``app/titles.toml``; a model of other labels gets values for those that have these names.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of ``model.values.value.KINDS``; ``or_text``: words that say no such value are meant as they stand, and not misunderstood."""

    name: str
    or_text: bool = False


DATE, TIME, NUMBER = Kind("date"), Kind("time"), Kind("number")
PLACE = Kind("place", or_text=True)  # no gazetteer has every village, station and address
AMOUNT = Kind("money", or_text=True)  # "cheap"
COUNT = Kind("number", or_text=True)  # "carry-on only"

SLOT_KINDS: Mapping[str, Kind] = {
    "origin": PLACE,
    "destination": PLACE,
    "via": PLACE,
    "location": PLACE,
    "pickup_location": PLACE,
    "dropoff_location": PLACE,
    "date": DATE,
    "departure_date": DATE,
    "arrival_date": DATE,
    "return_date": DATE,
    "check_in_date": DATE,
    "check_out_date": DATE,
    "pickup_date": DATE,
    "dropoff_date": DATE,
    "time": TIME,
    "departure_time": TIME,
    "arrival_time": TIME,
    "return_time": TIME,
    "pickup_time": TIME,
    "dropoff_time": TIME,
    "people": NUMBER,
    "rooms": NUMBER,
    "nights": NUMBER,  # "3", and "a week" is 7
    "star_rating": NUMBER,
    "bags": COUNT,
    "price": AMOUNT,
}


def kind_of(slot: str) -> str | None:
    """The kind of value that a slot says, None where it says its words.

    >>> kind_of("departure_date"), kind_of("cuisine")
    ('date', None)
    """
    kind = SLOT_KINDS.get(slot)
    return None if kind is None else kind.name
