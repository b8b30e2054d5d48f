"""Work on every core, in order, without holding more than a little of it in memory."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Thread
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")
Part = TypeVar("Part")
Done = TypeVar("Done")

MOST = 4  # processes of some 60 MB beside one of 180: a large machine has no use for more
AHEAD = 3  # parts handed out beyond those under way, so that no core waits


def parts(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut a stream into lists of at most this size."""
    stream = iter(things)
    while part := list(islice(stream, size)):
        yield part


def each_in_order(
    work: Callable[[Part], Done],
    handed: Iterable[Part],
    *,
    prepare: Callable[[], None] | None = None,
) -> Iterator[Done]:
    """Yield what each part comes to, in the order of the parts; `prepare` runs once a process.

    Processes start anew and share nothing, so that a database connection is never shared either.
    None outlives this one, however it ends. What they are to do stands in an imported module.
    """
    processes = min(_cores(), MOST)
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(prepare,)
    ) as pool:
        under_way: deque[Future[Done]] = deque()
        for part in handed:
            with _no_program():
                under_way.append(pool.submit(work, part))
            if len(under_way) >= processes + AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _no_program() -> Iterator[None]:
    """Let a process that starts now read what its work needs, not the whole program anew.

    Else each would hold every page and table of the clinic, which is more than its work takes.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


def _begin(prepare: Callable[[], None] | None) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare()


def _end_with_parent() -> None:
    """Wait for the parent's end: killed, it could not tell its processes that there is no more."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
