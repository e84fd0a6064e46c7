"""Where the data came from, what became of every row, how good the data are and what changed since the builds before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huaxiang.app.quality import left_out_text, reason_text, repair_text
from huaxiang.app.report.figures import Desk, Figure, Table
from huaxiang.app.report.words import Words

COUNTS = ("rows_in", "loaded", "set_aside", "left_out")
FETCH = ("rows", "new", "replaced", "unchanged", "same_key", "repeated", "held")
MOST_REASONS = 20
MOST_BARS = 14
MOST_FINDINGS = 12
Trends = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Told:
    """One finding: its light, where, what, and what to do."""

    light: str
    source: str
    text: str
    advice: str


@dataclass(frozen=True)
class SourceLine:
    """One source: light, counts as texts, mean completeness, and the row counts of the last builds as a line."""

    title: str
    light: str
    cells: tuple[str, ...]
    complete: float | None
    complete_text: str
    spark: str
    spark_text: str


@dataclass(frozen=True)
class Quality:
    """The chapter on data quality. `adds_up`: loaded + set aside + left out = rows in, in every source. `light` is None for a
    snapshot whose build measured nothing.
    """

    totals: tuple[tuple[str, str, str], ...]
    summary: str
    adds_up: bool
    light: str | None
    state: str
    findings: tuple[Told, ...]
    more: int
    lines: tuple[SourceLine, ...]
    fetched: Table
    reasons: Table
    repairs: Table
    figures: tuple[Figure, ...]
    drift: Table
    between: Table
    identity: str
    coverage: Table


def sources_table(desk: Desk, manifest: Mapping[str, Any]) -> Table:
    """The sources: what they are, what for, on what legal basis, and from when to when."""
    words = desk.words
    rows = [
        (
            words.pick(source.get("title"), source["name"]), words.known("entity", source.get("entity")),
            words.join([file["path"].rsplit("/", 1)[-1] for file in source.get("files", ())][:3]) or "–",
            words.side(source.get("purpose") or "–"), words.known("legal_basis", source.get("legal_basis")), _period(source),
        )
        for source in manifest.get("sources", ())
    ]  # fmt: skip
    head = ("source", "entity", "files", "purpose", "legal_basis", "period")
    return Table(tuple(words(f"sources.head.{key}") for key in head), tuple(rows))


def _period(source: Mapping[str, Any]) -> str:
    first, last = source.get("first_at"), source.get("last_at")
    return f"{str(first)[:10]} – {str(last)[:10]}" if first and last else "–"


def quality_of(desk: Desk, manifest: Mapping[str, Any], trends: Trends) -> Quality:
    """Count the rows over all sources, tell why some were set aside, and what was measured. `trends`: app/quality.trends_of."""
    words = desk.words
    sources = list(manifest.get("sources", ()))
    measured = manifest.get("quality") or {}
    totals = {key: sum(int(source.get(key) or 0) for source in sources) for key in COUNTS}
    share = words.percent(totals["loaded"] / totals["rows_in"] if totals["rows_in"] else None, 2)
    summary = words(
        "quality.summary", rows=words.count(totals["rows_in"]), loaded=words.count(totals["loaded"]), share=share,
        aside=words.count(totals["set_aside"]), left=words.count(totals["left_out"]),
    )  # fmt: skip
    tiles = tuple(
        (words(f"quality.{key}"), words.count(totals[key]), words.percent(totals[key] / max(1, totals["rows_in"]), 2))
        for key in COUNTS
    )  # fmt: skip
    found = list(measured.get("findings", ()))
    titles = {source["name"]: words.pick(source.get("title"), source["name"]) for source in sources}
    light = measured.get("light")
    state = words(f"quality.state_{light}", n=len(found)) if light else ""
    each = {one["name"]: one for one in measured.get("sources", ())}
    return Quality(
        tiles, summary, all(_adds_up(source) for source in sources), light, state,
        tuple(_told(words, one, titles) for one in found[:MOST_FINDINGS]), max(0, len(found) - MOST_FINDINGS),
        tuple(_line(words, source, each.get(source["name"], {}), trends.get(source["name"], ())) for source in sources),
        _fetched(words, sources), _reasons(words, sources), _repairs(words, sources), tuple(_figures(desk, measured, titles, sources)),
        _changes(words, measured, titles), _between(words, measured, titles), _identity(words, manifest), _coverage(desk),
    )  # fmt: skip


def _adds_up(source: Mapping[str, Any]) -> bool:
    parts = sum(int(source.get(key) or 0) for key in COUNTS[1:])
    return parts == int(source.get("rows_in") or 0)


def _told(words: Words, one: Mapping[str, Any], titles: Mapping[str, str]) -> Told:
    source = titles.get(one["source"], one["source"])
    return Told(one["light"], source, words.pick(one["text"]), words.pick(one["advice"]))


def _line(
    words: Words, source: Mapping[str, Any], measured: Mapping[str, Any], trend: Sequence[Mapping[str, Any]]
) -> SourceLine:
    complete = _completeness(source)
    counts = [float(line["rows"]) for line in trend if line.get("rows") is not None]
    repaired = words.count(source.get("repaired") or 0)
    cells = (*(words.count(source.get(key) or 0) for key in COUNTS), repaired)
    told = ""
    if len(counts) > 1:
        told = words("quality.spark", n=len(counts), first=words.count(counts[0]), last=words.count(counts[-1]))
    title = words.pick(source.get("title"), source["name"])
    light = str(measured.get("light") or "")
    return SourceLine(title, light, cells, complete, words.percent(complete), _spark(counts), told)


def _completeness(source: Mapping[str, Any]) -> float | None:
    columns = source.get("columns") or ()
    rows = int(source.get("rows_in") or 0) - int(source.get("set_aside") or 0)
    if not columns or rows <= 0:
        return None
    missing = sum(int(column.get("missing") or 0) for column in columns)
    return max(0.0, min(1.0, 1 - missing / (rows * len(columns))))


def _spark(values: Sequence[float]) -> str:
    """Points of a line in a box of 88 × 20; nothing for fewer than two values."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    low -= (high - low or 1) * 0.1
    span = high - low
    step = 84 / (len(values) - 1)
    return " ".join(f"{2 + step * at:.1f},{18 - 16 * (value - low) / span:.1f}" for at, value in enumerate(values))


def _fetched(words: Words, sources: Sequence[Mapping[str, Any]]) -> Table:
    """What became of the rows that databases gave."""
    head = tuple(words(f"quality.fetch_{key}") for key in FETCH)
    rows = [
        (words.pick(source.get("title"), source["name"]), *(words.count(source["fetch"][key]) for key in FETCH))
        for source in sources if source.get("fetch")
    ]  # fmt: skip
    return Table((words("sources.head.source"), *head), tuple(rows))


def _reasons(words: Words, sources: Sequence[Mapping[str, Any]]) -> Table:
    """Why rows were set aside or left out, most rows first."""
    found = [
        (int(rows), words.pick(source.get("title"), source["name"]), kind, code, int(source.get("rows_in") or 0))
        for source in sources for kind in ("reasons", "left_out_reasons") for code, rows in (source.get(kind) or {}).items()
    ]  # fmt: skip
    found.sort(key=lambda one: (-one[0], *one[1:4]))
    rows = [
        (title, _reason(words, kind, code), words(f"quality.{'set_aside' if kind == 'reasons' else 'left_out'}"),
         words.count(n), words.percent(n / of if of else None, 2))
        for n, title, kind, code, of in found[:MOST_REASONS]
    ]  # fmt: skip
    head = ("sources.head.source", "quality.reason", "quality.fate", "quality.rows", "quality.share_of_source")
    return Table(tuple(words(key) for key in head), tuple(rows))


def _reason(words: Words, kind: str, code: str) -> str:
    if code == "duplicate":
        return words("quality.duplicate")
    return words.pick(reason_text(code) if kind == "reasons" else left_out_text(code))


def _repairs(words: Words, sources: Sequence[Mapping[str, Any]]) -> Table:
    found = [
        (int(n), words.pick(source.get("title"), source["name"]), column["name"], kind)
        for source in sources for column in source.get("columns") or () for kind, n in (column.get("repairs") or {}).items()
    ]  # fmt: skip
    found.sort(key=lambda one: (-one[0], *one[1:]))
    rows = [
        (title, column, words.pick(repair_text(kind)), words.count(n))
        for n, title, column, kind in found[:MOST_REASONS]
    ]
    head = ("sources.head.source", "quality.column", "quality.repair", "quality.values")
    return Table(tuple(words(key) for key in head), tuple(rows))


def _figures(
    desk: Desk, measured: Mapping[str, Any], titles: Mapping[str, str], sources: Sequence[Mapping[str, Any]]
) -> list[Figure]:
    """The least complete columns as bars."""
    words = desk.words
    thin = [
        (float(column["complete"]), titles.get(source["name"], source["name"]), column["name"])
        for source in measured.get("sources", ()) for column in source.get("columns", ())
        if column["name"] and column.get("complete") is not None and column["complete"] < 0.9995
    ]  # fmt: skip
    if not thin:
        return []
    thin.sort()
    shown = thin[:MOST_BARS]
    labels = [f"{source} · {column}" for _, source, column in shown]
    shares = [share for share, _, _ in shown]
    spec = {
        "id": "quality-complete", "kind": "bars", "labels": labels, "max": 100,
        "series": [{
            "name": words("quality.complete"), "values": [round(100 * share, 3) for share in shares],
            "texts": [words.percent(share) for share in shares],
        }],
    }  # fmt: skip
    table = Table((words("quality.column"), words("quality.complete")), tuple(
        (label, words.percent(share)) for label, share in zip(labels, shares, strict=True)
    ))  # fmt: skip
    every = sum(len(source.get("columns", ())) for source in measured.get("sources", ()))
    finding = words(
        "quality.complete_finding", n=len(thin), all=every, column=labels[0], share=words.percent(shares[0])
    )
    rows = sum(int(source.get("rows_in") or 0) - int(source.get("set_aside") or 0) for source in sources)
    note = (words("quality.complete_base", rows=words.count(rows)), words("figure.date", date=desk.as_of))
    return [Figure("quality-complete", words("quality.complete_title"), finding, note, spec, table)]


def _changes(words: Words, measured: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    """Columns whose distribution moved, and columns of files that came, went or changed."""
    rows: list[tuple[str, ...]] = []
    for source in measured.get("sources", ()):
        title = titles.get(source["name"], source["name"])
        moved = [c for c in source.get("columns", ()) if (c.get("drift") or 0) >= 0.1]
        moved.sort(key=lambda one: (-one["drift"], one["name"]))
        rows += [(title, c["name"], words("quality.drifted"), f"PSI {c['drift']:.2f}") for c in moved]
        for change in source.get("schema", ()):
            kinds = [words.known("quality.type", kind) for kind in (change["before"], change["now"]) if kind]
            detail = " → ".join(kinds) if change["change"] == "type" else "–"
            rows.append((title, change["column"] or "–", words(f"quality.change_{change['change']}"), detail))
    head = ("sources.head.source", "quality.column", "quality.change", "quality.detail")
    return Table(tuple(words(key) for key in head), tuple(rows))


def _between(words: Words, measured: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    """Share of shared customers of whom two sources say the same; the least first."""
    found = [
        (float(one["share"]), titles.get(source["name"], source["name"]), titles.get(one["other"], one["other"]), one["column"])
        for source in measured.get("sources", ()) for one in source.get("agreement", ())
    ]  # fmt: skip
    found.sort()
    rows = [(column, left, right, words.percent(share)) for share, left, right, column in found[:MOST_REASONS]]
    head = ("quality.field", "quality.one_source", "quality.other_source", "quality.agree")
    return Table(tuple(words(key) for key in head), tuple(rows))


def _identity(words: Words, manifest: Mapping[str, Any]) -> str:
    """How many customers exact keys alone would give, when the build says so."""
    identity = manifest.get("identity") or {}
    exact, now = identity.get("exact_customers"), identity.get("customers")
    if not exact or not now:
        return ""
    joined = int(exact) - int(now)
    key = "quality.identity" if joined > 0 else "quality.identity_same"
    return words(
        key,
        exact=words.count(exact),
        now=words.count(now),
        joined=words.count(joined),
        share=words.percent(joined / exact),
    )


def _coverage(desk: Desk) -> Table:
    """Tags and attributes that are missing for at least one customer in ten, the least known first."""
    words = desk.words
    thin = [
        (float(tag.entry.get("coverage") or 0), tag) for tag in desk.book.all if tag.entry.get("coverage") is not None
    ]
    thin = sorted(((share, tag) for share, tag in thin if share < 0.9), key=lambda one: (one[0], one[1].name))
    rows = [
        (tag.title, words.known("class", tag.class_), words.count(share * desk.customers.size), words.percent(share))
        for share, tag in thin[:12]
    ]  # fmt: skip
    head = ("appendix.head.tag", "appendix.head.class", "quality.known", "appendix.head.coverage")
    return Table(tuple(words(key) for key in head), tuple(rows))
