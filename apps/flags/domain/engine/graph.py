"""Who waits for whom: flags for their prerequisites, segments for those they name. Knows neither."""

from collections.abc import Iterable, Mapping

Edges = Mapping[str, Iterable[str]]  # a name to those it waits for; names without edges may be left out


def find_cycle(edges: Edges, start: str) -> tuple[str, ...]:
    """The first circle that `start` leads into, its first name repeated at the end; empty when there is none."""
    path: dict[str, None] = {}  # in its order
    safe: set[str] = set()
    waiting = [iter((start,))]
    while waiting:
        name = next(waiting[-1], None)
        if name is None:
            waiting.pop()
            if path:
                safe.add(path.popitem()[0])
        elif name in path:
            names = tuple(path)
            return (*names[names.index(name) :], name)
        elif name not in safe:
            path[name] = None
            waiting.append(iter(edges.get(name, ())))
    return ()


def in_order(edges: Edges, start: str) -> tuple[str, ...]:
    """Everything that `start` waits for, directly or not, each after what it waits for itself; `start` is last.

    There must be no circle.
    """
    done: dict[str, None] = {}
    waiting = [(start, iter(edges.get(start, ())))]
    while waiting:
        name, rest = waiting[-1]
        following = next((one for one in rest if one not in done), None)
        if following is None:
            waiting.pop()
            done[name] = None
        else:
            waiting.append((following, iter(edges.get(following, ()))))
    return tuple(done)


def longest(edges: Edges, start: str) -> int:
    """How many names the longest row has that begins with `start`. There must be no circle."""
    lengths: dict[str, int] = {}
    for name in in_order(edges, start):
        lengths[name] = 1 + max((lengths[one] for one in edges.get(name, ())), default=0)
    return lengths[start]
