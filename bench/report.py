"""What was measured: tables and goals, as JSON to keep, as Markdown to quote, on the terminal to read."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same keys, in the order of the columns."""

    title: str
    rows: list[Row]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure beside what it should be: ``at_least`` or ``at_most``."""

    what: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def wanted(self) -> str:
        """The goal in words."""
        return f">= {shown(self.at_least)}" if self.at_least is not None else f"<= {shown(self.at_most)}"

    @property
    def met(self) -> bool:
        """Whether it is reached; never by no figure."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= self.measured <= high

    def row(self) -> Row:
        """As a row of a table."""
        return {"goal": self.what, "measured": self.measured, "wanted": self.wanted, "met": "yes" if self.met else "NO"}


@dataclass(frozen=True, slots=True)
class Result:
    """What one part of the benchmark found."""

    tables: list[Table]
    goals: list[Goal]


def middle(values: Sequence[float]) -> float:
    """The median; NaN of nothing."""
    return statistics.median(values) if values else math.nan


def span(values: Sequence[float]) -> str:
    """The least and the greatest.

    >>> span([3.0, 1.25, 2.0])
    '1.25-3'
    """
    return f"{shown(min(values))}-{shown(max(values))}" if values else ""


def shown(value: Any) -> str:
    """A figure for people: three digits at least, never more than the measurement knows.

    >>> [shown(value) for value in (12345.6, 12.345, 0.01234, 7, "x", None)]
    ['12346', '12.3', '0.0123', '7', 'x', '']
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def update(folder: Path, head: Mapping[str, Any], results: Mapping[str, Result]) -> dict[str, Any]:
    """Write ``serving.json`` and ``serving.md``; parts that were not measured now stay as they stand there. The whole is returned."""
    path = folder / "serving.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.exists() else {}
    for name, result in results.items():
        tables = [{"title": table.title, "rows": table.rows, "notes": list(table.notes)} for table in result.tables]
        # Each part says itself when and on what it was measured: parts may be measured one at a time.
        kept[name] = {**head, "tables": tables, "goals": [goal.row() for goal in result.goals]}
    whole = {"parts": kept}
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain(whole), indent=1) + "\n", encoding="utf-8")
    (folder / "serving.md").write_text(markdown(whole), encoding="utf-8")
    return whole


def markdown(whole: Mapping[str, Any]) -> str:
    """All parts as Markdown tables, goals first."""
    goals = [{"part": name, **row} for name, part in whole["parts"].items() for row in part["goals"]]
    lines = ["# Serving, measured", "", "Made by `make bench`; `serving.json` has every figure.", "", "## Goals", "", *table_lines(goals)]
    for name, part in whole["parts"].items():
        lines += ["", f"## {name}", "", f"{part['date']}, commit {part['commit']}; {_said(part['machine'])}; {_said(part['software'])}; "]
        lines[-1] += f"model {part['model']['name']} {part['model']['sha256'][:12]}; {_said(part['settings'])}."
        for table in part["tables"]:
            lines += ["", f"**{table['title']}**", "", *table_lines(table["rows"]), *(f"\n{note}" for note in table["notes"])]
    return "\n".join(lines) + "\n"


def show(results: Mapping[str, Result]) -> None:
    """Print the tables to the terminal."""
    console = Console(highlight=False)
    for result in results.values():
        for table in result.tables:
            _print(console, table.title, table.rows)
            for note in table.notes:
                console.print(f"  {note}", style="dim", markup=False)


def show_goals(results: Mapping[str, Result]) -> None:
    """Print what should be beside what is."""
    goals = [{"part": name, **goal.row()} for name, result in results.items() for goal in result.goals]
    if goals:
        _print(Console(highlight=False), "Goals", goals)


def _print(console: Console, title: str, rows: Sequence[Row]) -> None:
    console.print(title, style="bold", markup=False)
    drawn = RichTable(box=None, pad_edge=False)
    for column in rows[0]:
        drawn.add_column(column, justify="left" if isinstance(rows[0][column], str) else "right")
    for row in rows:
        drawn.add_row(*map(shown, row.values()), style="bold red" if row.get("met") == "NO" else None)
    console.print(drawn)
    console.print()


def table_lines(rows: Sequence[Row]) -> list[str]:
    """Rows as a Markdown table."""
    if not rows:
        return ["(none)"]
    return [
        "| " + " | ".join(rows[0]) + " |",
        "|" + "|".join(" :-- " if isinstance(value, str) else " --: " for value in rows[0].values()) + "|",
        *("| " + " | ".join(map(shown, row.values())) + " |" for row in rows),
    ]


def _said(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def _plain(value: Any) -> Any:
    """JSON has no NaN, and a dozen digits say nothing."""
    if isinstance(value, float):
        return None if math.isnan(value) or math.isinf(value) else float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
