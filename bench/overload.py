"""Five times as many requests as can be answered: how many are answered still, how fast the others are refused, how soon it is over."""

import resource

import numpy as np
import orjson

from bench.load import NOT_SENT, PARSE, Load, closed_loop, open_loop, percentile, poisson
from bench.options import USUAL, Options
from bench.report import Goal, Result, Row, Table, middle
from bench.servers import service
from bench.texts import spoken

CALM, FLOOD = 0.5, 5.0  # times the capacity, offered before and after, and in between
CONNECTIONS = 4_096  # more than may wait, or nobody would be refused
PATIENCE_S = 1.0  # of a caller for whom no connection is free
WINDOW_S = 0.1
GOODPUT_GOAL = 0.9


def measure(options: Options) -> Result:
    """Calm, flood, calm in one open loop, several times."""
    bodies = [orjson.dumps({"text": text}) for text in spoken(options.texts)]
    most = _raise_open_files()
    with service(options.artifact) as server:
        cold = closed_loop(server.address, bodies, USUAL, min(1.0, options.seconds)).rate()
        # All of them once, or the peak would be that of a service that knows few phrases yet.
        closed_loop(server.address, bodies, USUAL, len(bodies) / cold)
        capacity = closed_loop(server.address, bodies, USUAL, options.seconds).rate()
        rows = []
        for number in range(min(3, options.rounds)):
            due_s = _schedule(capacity, options.seconds, number)
            load = open_loop(server.address, bodies, due_s, min(CONNECTIONS, most - 100), PATIENCE_S, PARSE)
            rows.append(_row(load, capacity, options.seconds))
    title = f"Open loop at {FLOOD:g} x capacity ({capacity:.0f}/s) for {options.seconds:g} s, {CALM:g} x before and after; one row a round"
    notes = (
        "sent/s is what the generator got out: it shares the cores with the server. unsent: no connection was free within 1 s.",
        f"recovery: until, in windows of {WINDOW_S:g} s, all is answered and the median is at most twice the calm one.",
    )
    return Result(
        [Table(title, rows, notes)], [Goal("goodput under overload : peak", middle([r["goodput : peak"] for r in rows]), GOODPUT_GOAL)]
    )


def _schedule(capacity: float, seconds: float, seed: int) -> np.ndarray:
    phases = [poisson(share * capacity, seconds, 3 * seed + number) for number, share in enumerate((CALM, FLOOD, CALM))]
    return np.concatenate([due_s + number * seconds for number, due_s in enumerate(phases)])


def _row(load: Load, capacity: float, seconds: float) -> Row:
    in_flood = (load.due_s >= seconds) & (load.due_s < 2 * seconds)
    ended_s = load.due_s + load.latency_s
    answered = ((load.status == 200) & (ended_s >= seconds) & (ended_s < 2 * seconds)).sum() / seconds
    refused = in_flood & (load.status == 503)
    calm_s = percentile(load.latency_s[(load.due_s < seconds) & (load.status == 200)], 0.5)
    return {
        "sent/s": float((in_flood & (load.status != NOT_SENT)).sum()) / seconds,
        "answered/s": float(answered),
        "goodput : peak": float(answered / capacity),
        "503 share": float(refused.sum() / in_flood.sum()),
        "unsent share": float((in_flood & (load.status == NOT_SENT)).sum() / in_flood.sum()),
        "other": int((in_flood & ~np.isin(load.status, (200, 503, NOT_SENT))).sum()),
        "p50 of 503 ms": 1e3 * percentile(load.latency_s[refused], 0.5),
        "p99 of 503 ms": 1e3 * percentile(load.latency_s[refused], 0.99),
        "p99 of 200 ms": 1e3 * percentile(load.latency_s[in_flood & (load.status == 200)], 0.99),
        "calm p50 ms": 1e3 * calm_s,
        "recovery s": recovery_s(load, 2 * seconds, calm_s),
    }


def recovery_s(load: Load, end_s: float, calm_s: float) -> float:
    """Seconds from ``end_s``, the end of the flood, until everything is as before it; NaN where it never is."""
    last = float(load.due_s.max(initial=0))
    well_since = float("nan")
    for start in np.arange(end_s, last - WINDOW_S / 2, WINDOW_S):
        within = (load.due_s >= start) & (load.due_s < start + WINDOW_S)
        if not within.any():
            continue
        well = (load.status[within] == 200).all() and percentile(load.latency_s[within], 0.5) <= 2 * calm_s
        well_since = (start if np.isnan(well_since) else well_since) if well else float("nan")
    return well_since - end_s


def _raise_open_files() -> int:
    """As many open files as this user may have, for this process and those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(2 * CONNECTIONS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
