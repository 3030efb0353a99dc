"""Schema-guided dialogues (Rastogi et al. 2020) and COD (Majewska et al. 2023): JSON lists of dialogues.

>>> [{"dialogue_id": "5_00001", "turns": [{"speaker": "USER", "utterance": "A bus to Ulm.", "frames": [
...     {"service": "Buses_1", "slots": [{"slot": "to_location", "start": 9, "exclusive_end": 12}],
...      "actions": [{"act": "INFORM", "slot": "to_location", "values": ["Ulm"], "canonical_values": ["Ulm"]}],
...      "state": {"active_intent": "FindBus", "requested_slots": []}}]}]}]

Older commits have no ``actions`` in the turns of users, COD no ``canonical_values``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

from training.data.prepare.forms import Convert, Item, item, mark, record
from training.data.prepare.raw import read_json
from training.data.records import Record

FILES = {"train": 127, "dev": 20}
NAMES = tuple(f"{part}/dialogues_{number:03}.json" for part, count in FILES.items() for number in range(1, count + 1))
_SPLITS = {"train": "train", "dev": "valid", "ru_dev": "valid"}

# Services of other domains than travel and leisure: a turn that has nothing else belongs to sgd_other.
_OTHER_DOMAINS = {"Alarm", "Banks", "Calendar", "Media", "Music", "Services", "Weather"}

# The set that the shipped model was trained on took these files from an older commit, before the turns of users had actions.
REVISIONS: dict[str, dict[str, tuple[int, ...]]] = {
    "0168cd3": {"train": (37, 55, 58, 66, 68, 70, 72, 73, 74, 75, 80, 81, 84, 85, 117, 118), "dev": (15, 17, 18)},
    "8168c3b": {"train": (52, 53, 54, 56, 60, 71, 76, 77, 78, 79, 82, 94, 104)},
    "292c87e": {"train": (83,)},
    "e2cfb03": {"train": (93,)},
}


def converter(*, other: bool) -> Convert:
    """The turns of travel and leisure, or those of ``other`` domains; a turn with services of both is travel."""

    def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
        for file in files:
            part = PurePath(file).parent.name
            rev = _revision(part, int(PurePath(file).stem.rpartition("_")[2]))
            yield from _dialogues(read_json(folder / file), f"sgd/{part}", rev, lambda services: _is_other(services) == other)

    return convert


def convert_cod(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """The Russian development part of COD."""
    for file in files:
        yield from _dialogues(read_json(folder / file), f"cod/{PurePath(file).stem}", "", lambda _: True, lang="ru")


def _dialogues(dialogues: list[Any], source: str, rev: str, wanted: Callable[[Sequence[str]], bool], lang: str = "en") -> Iterator[Item]:
    split = _SPLITS[source.rpartition("/")[2]]
    for dialogue in dialogues:
        for number, turn in enumerate(dialogue["turns"]):
            services = [frame["service"] for frame in turn["frames"]]
            if not wanted(services):
                continue
            place = f"{source}/{'+'.join(services)}/{dialogue['dialogue_id']}/{number}"
            if turn["speaker"] == "USER":
                yield item(split, record(turn["utterance"], _spans(turn), _intent(turn), place, lang=lang, **_more(turn, services, rev)))
            else:
                yield f"system_{split}", {"text": turn["utterance"], "lang": lang, "source": place}


def _is_other(services: Sequence[str]) -> bool:
    return all(service.partition("_")[0] in _OTHER_DOMAINS for service in services)


def _spans(turn: Record) -> Iterator[Record]:
    for frame in turn["frames"]:
        for slot in frame["slots"]:
            yield mark(slot["start"], slot["exclusive_end"], slot["slot"], slot_full=f"{frame['service']}/{slot['slot']}")


def _intent(turn: Record) -> str | None:
    """The intent that is active when the turn ends: that of its last frame that has one."""
    active = [frame["state"]["active_intent"] for frame in turn["frames"]]
    return next((str(intent) for intent in reversed(active) if intent != "NONE"), None)


def _more(turn: Record, services: Sequence[str], rev: str) -> dict[str, object]:
    """The set's own fields: services, acts as act, slot, values, canonical values (or the commit without acts), what was asked."""
    more: dict[str, object] = {"service": services if len(services) > 1 else services[0]}
    if any("actions" in frame for frame in turn["frames"]):
        acts = [act for frame in turn["frames"] for act in frame["actions"]]
        more["acts"] = [[act["act"], act["slot"], act["values"], act.get("canonical_values", [])] for act in acts]
    elif rev:
        more["rev"] = rev
    asked = [slot for frame in turn["frames"] for slot in frame["state"]["requested_slots"]]
    return {**more, "asks": asked} if asked else more


def _revision(part: str, number: int) -> str:
    return next((commit for commit, parts in REVISIONS.items() if number in parts.get(part, ())), "")
