"""How long a start takes, how much memory the service needs, and whether it grows."""

import orjson

from bench.load import closed_loop
from bench.options import USUAL, Options
from bench.report import Goal, Result, Row, Table, middle, span
from bench.servers import Running, service, wait_until_ready
from bench.texts import utterances

MEGABYTE = 1_000_000
START_GOAL_S, MEMORY_GOAL_MB, GROWTH_GOAL_MB = 1.5, 120.0, 2.0  # allocators breathe by a megabyte or two
STEP_S = 2.0


def measure(options: Options) -> Result:
    """Several starts; then, of the last one, resident memory before, between and after many requests."""
    bodies = [orjson.dumps({"text": text}) for text in utterances(options.texts)]
    starts = []
    for _ in range(options.rounds):
        with service(options.artifact) as server:
            starts.append(wait_until_ready(server))
    with service(options.artifact) as server:
        wait_until_ready(server)
        rows: list[Row] = [{"requests": 0, "RSS MB": server.rss_bytes() / MEGABYTE}]
        for _ in range(2):
            asked = _ask(server, bodies, options.requests)
            rows.append({"requests": rows[-1]["requests"] + asked, "RSS MB": server.rss_bytes() / MEGABYTE})
    memory = Table(f"Resident memory, {USUAL} connections", rows, ("All of statm's resident pages, shared libraries included.",))
    start = Table("From spawning the process to the first 200 of /health/ready", [{"median s": middle(starts), "range": span(starts)}])
    goals = [
        Goal("seconds from start to ready", middle(starts), at_most=START_GOAL_S),
        Goal("MB resident after the start", rows[0]["RSS MB"], at_most=MEMORY_GOAL_MB),
        Goal(f"MB resident after {rows[-1]['requests']} requests", rows[-1]["RSS MB"], at_most=MEMORY_GOAL_MB),
        Goal(f"MB grown by the second {options.requests} requests", rows[2]["RSS MB"] - rows[1]["RSS MB"], at_most=GROWTH_GOAL_MB),
    ]
    return Result([start, memory], goals)


def _ask(server: Running, bodies: list[bytes], requests: int) -> int:
    asked = 0
    while asked < requests:
        asked += len(closed_loop(server.address, bodies, USUAL, STEP_S).status)
    return asked
