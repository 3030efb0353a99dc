"""Utterances to measure with: as many different ones as wanted, each of exactly so many words."""

import random
from collections.abc import Iterator

CITIES = ("Oslo", "Porto", "Tuzla", "Gdansk", "Taipei", "Lyon", "Bergen", "Leeds", "Quito", "Kazan", "Aarhus", "Bilbao", "Cusco", "Dakar")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "tomorrow")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "9", "10")
FRAMES = (  # 12 words each
    "I want to fly from {city} to {city} on {day} at {time}",
    "book a train from {city} to {city} for {number} people on {day}",
    "I need a hotel in {city} from {day} until {day} for {number}",
    "a table for {number} at {time} on {day} in {city} near {city}",
    "we arrive in {city} on the {ordinal} of {month} around {time} maybe",
    "please find me flights leaving {city} before {time} on {month} {ordinal} thanks",
)
WORDS = 12


def utterances(count: int, words: int = WORDS, seed: int = 0) -> list[str]:
    """``count`` different utterances of ``words`` words (punctuation counts as one, there is none). The same for the same arguments."""
    pieces, found = _words(random.Random(seed)), dict[str, None]()
    while len(found) < count:
        found[" ".join(next(pieces) for _ in range(words))] = None
    return list(found)


def spoken(count: int, seed: int = 0) -> list[str]:
    """``count`` utterances of 12 words whose phrases come as often as in life: the k-th likeliest of its kind 1/k as often as the first.

    Few phrases are in most of them, and many are rare: 20,000 utterances have some 1,600 phrases that say a value.
    """
    rng = random.Random(seed)
    pools = {name: rng.sample(pool, len(pool)) for name, pool in _pools().items()}
    weights = {name: [1 / rank for rank in range(1, len(pool) + 1)] for name, pool in pools.items()}

    def filled(frame: str) -> str:
        return frame.format_map({name: rng.choices(pool, weights[name])[0] for name, pool in pools.items()})

    return [filled(rng.choice(FRAMES)) for _ in range(count)]


def _pools() -> dict[str, list[str]]:
    """What may stand in each place of a frame."""
    return {
        "city": list(CITIES),
        "day": list(DAYS),
        "month": list(MONTHS),
        "ordinal": [f"{number}th" for number in range(4, 21)],
        "number": list(NUMBERS),
        "time": [f"{hour}:{minute:02}" for hour in range(24) for minute in range(60)],
    }


def _words(rng: random.Random) -> Iterator[str]:
    while True:
        places = rng.sample(CITIES, 2)
        for piece in rng.choice(FRAMES).split():
            yield places.pop() if piece == "{city}" else _filled(piece, rng)


def _filled(piece: str, rng: random.Random) -> str:
    return piece.format(
        day=rng.choice(DAYS),
        month=rng.choice(MONTHS),
        number=rng.choice(NUMBERS),
        ordinal=f"{rng.randint(4, 20)}th",
        time=f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}",
    )
