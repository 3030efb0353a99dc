"""The figures of docs/networks.md and docs/gradients.md as the model page draws them.

``python -m tests.app.page_figures`` writes them anew.

The pages' own plots would weigh half a megabyte in every image that serves; the numbers behind them are three kilobytes.
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FIGURES = ROOT / "app" / "static" / "page" / "networks.json"


def figures() -> dict[str, Any]:
    """What the documents say, in numbers."""
    networks = table(ROOT / "docs" / "networks.md", "slot F1")
    lags = table(ROOT / "docs" / "gradients.md", "T = 2")
    norms = table(ROOT / "docs" / "gradients.md", "1 word back")
    distances = ("1 word back", "5 words", "15 words")
    return {
        "networks": [
            {
                "name": row["network"],
                "f1": [round(float(number) / 100, 3) for number in re.findall(r"([\d.]+)%", row["slot F1"])],
                "sentence": share(row["sentence"]),
                "pairs": share(row["arrive/leave"]),
                "parameters": int(row["parameters"].replace(",", "")),
                "microseconds": int(row["µs alone"]),
            }
            for row in networks
        ],
        "lags": [int(name.removeprefix("T = ")) for name in list(lags[0])[1:]],
        "accuracy": [{"name": row.pop("network"), "by_lag": [float(cell) for cell in row.values()]} for row in lags],
        "norms": [{"name": row["network"], "back": [row[far].replace(", then ", " → ") for far in distances]} for row in norms],
    }


def share(cell: str) -> float:
    """``"97.5%"`` -> 0.975."""
    return round(float(cell.rstrip("%")) / 100, 4)


def table(page: Path, column: str) -> list[dict[str, str]]:
    """The rows of the page's first table that has a column of this name."""
    lines = page.read_text(encoding="utf-8").splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith("|") and f"| {column} |" in line)
    names = cells(lines[begin])
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            return rows
        rows.append(dict(zip(names, cells(line), strict=True)))
    return rows


def cells(line: str) -> list[str]:
    """What stands between the bars."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def as_json() -> str:
    """The file, a row a line."""
    lines = [f"{json.dumps(name)}: [\n{rows_of(rows)}\n]" for name, rows in figures().items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def rows_of(rows: list[Any]) -> str:
    """Each of them in a line."""
    return ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


if __name__ == "__main__":
    FIGURES.write_text(as_json(), encoding="utf-8")
