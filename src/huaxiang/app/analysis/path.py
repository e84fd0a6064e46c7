"""Paths 路径: what customers did next after an event, or last before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.analysis.events import Asked, EventAsked, ask, read_events, share, within
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from huaxiang.learn.journeys import Events

    Ints = NDArray[np.int64]

PATH_KEYS = (
    "snapshot", "as_of", "audience", "customers", "anchor", "direction", "depth", "window_days", "journeys", "nodes", "links", "paths",
)  # fmt: skip
NODE_KEYS = ("id", "step", "kind", "source", "title", "value", "customers", "share")
LINK_KEYS = ("from", "to", "customers")
WHOLE_KEYS = ("nodes", "customers", "share")
MOST_DEPTH = 8
MOST_EVENTS = 12
MOST_NODES = 30
MOST_DAYS = 366
MOST_PATHS = 20
OTHER, OVER = -2, -1
"""Codes of nodes: what is grouped, and nothing more."""


@dataclass(frozen=True)
class PathAsked:
    """`anchor`: the event that paths start with (or, direction "before", end with); `events`: what may stand on them."""

    anchor: EventAsked
    events: Sequence[EventAsked]
    direction: Literal["after", "before"] = "after"
    depth: int = 4
    window: int = 7
    top: int = 6


@dataclass(frozen=True)
class _Names:
    """What each code of a node stands for: number of the event, and value."""

    asked: Asked
    events: Sequence[EventAsked]
    known: Sequence[tuple[int, str | None]] = field(default_factory=list)

    def told(self, code: int) -> dict[str, Any]:
        if code in (OTHER, OVER):
            return {"kind": "other" if code == OTHER else "end", "source": None, "title": None, "value": None}
        number, value = self.known[code]
        source = self.events[number].source
        return {"kind": "event", "source": source, "title": self.asked.title(source), "value": value}


def paths(snapshot: Snapshot, audience: str | None, question: PathAsked) -> dict[str, Any]:
    """Return PATH_KEYS: one path for each customer of the audience who did the anchor, from its first time (before: to its last time).

    The next `depth` events at most `window` × 24 hours away; one that repeats the event before it is passed over; events of one moment
    stand in the order in which `events` names them, then by value. At each step the `top` most frequent nodes are told and the rest is
    one node of kind "other"; kind "end": nothing more within the window. `links` lead from node to node (IDs), `paths` are the most
    frequent ones in full. Raises UsageError, ExpressionError.
    """
    depth = within(question.depth, 1, MOST_DEPTH, ("the depth", "步数"))
    window = within(question.window, 1, MOST_DAYS, ("the window in days", "窗口期（天）"))
    top = within(question.top, 1, MOST_NODES, ("the number of nodes", "每步显示的事件数"))
    within(len(question.events), 1, MOST_EVENTS, ("the number of kinds of events", "参与路径的事件数"))
    if question.anchor.by is not None:
        raise UsageError(
            "the anchor has no `by`; narrow it by `where`", "起止事件不支持按字段区分（`by`）；请用 `where` 条件限定"
        )
    asked = ask(snapshot, audience)
    went = _indexed(asked, question) or _read(asked, question)
    names = _Names(asked, question.events, went.known)
    nodes, links = _drawn(went, top, names)
    anchor = asked.told(question.anchor) | {"customers": went.all}
    return {
        **asked.head(), "anchor": anchor, "direction": question.direction, "depth": depth, "window_days": window,
        "journeys": went.all, "nodes": nodes, "links": links, "paths": _frequent(went, names),
    }  # fmt: skip


@dataclass(frozen=True)
class _Went:
    """The different paths in the order of their nodes, how many customers went each, and what the code of a node means."""

    nodes: Ints
    customers: Ints
    known: list[tuple[int, str | None]]

    @classmethod
    def of(cls, nodes: Ints, customers: Ints, words: Sequence[tuple[int, str | None]]) -> _Went:
        """The same with a code for each node that stands on any path, in the order of `words`."""
        import numpy as np

        used = np.unique(nodes[nodes >= 0])
        ranks = np.where(nodes < 0, nodes, np.searchsorted(used, nodes))
        return cls(ranks, customers, [words[code] for code in used.tolist()])

    @property
    def all(self) -> int:
        return int(self.customers.sum())


def _indexed(asked: Asked, question: PathAsked) -> _Went | None:
    """The paths by the journey index; None where it can't tell."""
    from huaxiang.app.analysis.streams import members_of, streams_of
    from huaxiang.learn.journeys import DAY
    from huaxiang.learn.streams import TooWide
    from huaxiang.learn.ways import Route
    from huaxiang.learn.ways import paths as follow

    told = streams_of(asked, (question.anchor, *question.events), once=True)
    if told is None:
        return None
    route = Route(question.depth, question.window * DAY, question.direction == "before")
    try:
        ways = follow(told[0].stream, [one.stream for one in told[1:]], route, members_of(asked))
    except TooWide:
        return None
    words = [(number, text) for number, one in enumerate(told[1:]) for text in (*one.texts, None)]
    return _Went.of(ways.nodes, ways.customers, words)


def _read(asked: Asked, question: PathAsked) -> _Went:
    """The paths by the rows that the engine reads."""
    import numpy as np

    from huaxiang.learn.journeys import DAY
    from huaxiang.learn.journeys import paths as follow

    read, values = read_events(asked, (question.anchor, *question.events))
    anchors, events, known = _coded(read, values)
    found = follow(
        anchors, events, question.depth, question.window * DAY, backwards=question.direction == "before"
    ).nodes
    nodes, counts = np.unique(found, axis=0, return_counts=True)
    return _Went.of(nodes, counts.astype(np.int64), known)


def _coded(read: Events, values: pa.ChunkedArray) -> tuple[Events, Events, list[tuple[int, str | None]]]:
    """Anchors, and events whose kinds are codes in the order of (event, value); what each code means."""
    import numpy as np

    from huaxiang.learn.journeys import Events

    anchors = read.only(read.kinds == 0)
    rest = read.kinds > 0
    texts = values.combine_chunks().dictionary_encode()
    words: list[str] = texts.dictionary.to_pylist()
    places = texts.indices.fill_null(len(words)).to_numpy(zero_copy_only=False).astype(np.int64)[rest]
    told = [*words, None]
    pairs, codes = np.unique((read.kinds[rest] - 1) * len(told) + places, return_inverse=True)
    known = [(int(pair) // len(told), told[int(pair) % len(told)]) for pair in pairs]
    order = sorted(range(len(known)), key=lambda i: (known[i][0], known[i][1] is None, known[i][1] or ""))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    events = read.only(rest)
    coded = rank[codes] if len(codes) else codes.astype(np.int64)
    return anchors, Events(events.customers, events.moments, coded), [known[i] for i in order]


def _drawn(went: _Went, top: int, names: _Names) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nodes and links, step by step; what is rare at a step is one node there."""
    import numpy as np

    nodes, weights, everyone = went.nodes, went.customers, went.all
    shown = [{
        "id": "0", "step": 0, "kind": "anchor", "source": None, "title": None, "value": None, "customers": everyone,
        "share": share(everyone, everyone),
    }]  # fmt: skip
    links: list[dict[str, Any]] = []
    before, ids = np.zeros(len(nodes), dtype=np.int64), {0: "0"}
    going = np.ones(len(nodes), dtype=bool)
    for step in range(nodes.shape[1]):
        codes = _grouped(nodes[:, step], weights, top)
        at = {}
        for code, count in _sizes(codes[going], weights[going]):
            at[code] = f"{step + 1}:{_name(code)}"
            shown.append({"id": at[code], "step": step + 1, **names.told(code), "customers": count,
                          "share": share(count, everyone)})  # fmt: skip
        pairs, place = np.unique(np.stack([before[going], codes[going]], axis=1), axis=0, return_inverse=True)
        counts = _sums(place, weights[going], len(pairs))
        drawn = [
            {"from": ids[int(a)], "to": at[int(b)], "customers": int(n)}
            for (a, b), n in zip(pairs, counts, strict=True)
        ]
        links += sorted(drawn, key=lambda link: -link["customers"])
        before, ids, going = codes, at, going & (codes != OVER)
    return shown, links


def _grouped(codes: Ints, weights: Ints, top: int) -> Ints:
    import numpy as np

    sizes = [code for code, _ in _sizes(codes, weights) if code != OVER][:top]
    return np.where(np.isin(codes, [*sizes, OVER]), codes, OTHER)


def _sizes(codes: Ints, weights: Ints) -> list[tuple[int, int]]:
    """Codes with their customers, most frequent first; what is grouped and what is over last."""
    import numpy as np

    found, place = np.unique(codes, return_inverse=True)
    counts = _sums(place, weights, len(found))
    pairs = [(int(code), int(count)) for code, count in zip(found, counts, strict=True)]
    return sorted(pairs, key=lambda pair: (pair[0] in (OTHER, OVER), pair[0] == OVER, -pair[1], pair[0]))


def _sums(places: Ints, weights: Ints, size: int) -> Ints:
    """The sum of the weights at each place."""
    import numpy as np

    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, places.reshape(-1), weights)
    return sums


def _name(code: int) -> str:
    return {OTHER: "other", OVER: "end"}.get(code, str(code))


def _frequent(went: _Went, names: _Names) -> list[dict[str, Any]]:
    import numpy as np

    counts = went.customers
    order = np.lexsort((np.arange(len(counts)), -counts))[:MOST_PATHS]
    return [
        {
            "nodes": [names.told(int(code)) for code in went.nodes[at] if code != OVER], "customers": int(counts[at]),
            "share": share(int(counts[at]), went.all),
        }
        for at in order
    ]  # fmt: skip
