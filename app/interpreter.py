"""Python, fitted to a loop that makes answers with one thread beside it that runs a graph."""

import ctypes
import gc
import sys

YOUNG = 100_000  # containers made and not freed until cycles are looked for among them
SWITCH_S = 0.0001  # how long a thread waits for the interpreter before it insists


def tune_interpreter() -> None:
    """To be called once all is loaded.

    An answer is made of some hundred dictionaries and lists that live for a millisecond and form no cycle; with Python's own thresholds
    they set off a collection every few requests, a sixth of all the time. Cycles are still collected, only later, and without
    looking at what stays: modules, models, schemas.

    The thread asks for the interpreter only to hand over what it has computed; with Python's own interval it waits for 5 ms.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
    release_memory()


def release_memory() -> None:
    """Give the system back what loading and dropped models leave: glibc keeps freed pages for each thread that ever allocated."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # a C library that has it
        trim(0)
