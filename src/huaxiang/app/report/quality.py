"""Where the data came from and what became of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huaxiang.app.report.figures import Desk, Table
from huaxiang.store.cleaning.codes import REASONS

COUNTS = ("rows_in", "loaded", "set_aside", "left_out")
MOST_REASONS = 20


@dataclass(frozen=True)
class Quality:
    """The chapter on data quality. `adds_up`: loaded + set aside + left out = rows in, in every source."""

    totals: tuple[tuple[str, str, str], ...]
    summary: str
    adds_up: bool
    sources: Table
    reasons: Table
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


def quality_of(desk: Desk, manifest: Mapping[str, Any]) -> Quality:
    """Count the rows over all sources and tell why some were set aside."""
    words = desk.words
    sources = list(manifest.get("sources", ()))
    totals = {key: sum(int(source.get(key) or 0) for source in sources) for key in COUNTS}
    adds_up = all(_adds_up(source) for source in sources)
    share = words.percent(totals["loaded"] / totals["rows_in"] if totals["rows_in"] else None, 2)
    summary = words(
        "quality.summary", rows=words.count(totals["rows_in"]), loaded=words.count(totals["loaded"]), share=share,
        aside=words.count(totals["set_aside"]), left=words.count(totals["left_out"]),
    )  # fmt: skip
    tiles = tuple(
        (words(f"quality.{key}"), words.count(totals[key]), words.percent(totals[key] / max(1, totals["rows_in"]), 2))
        for key in COUNTS
    )  # fmt: skip
    return Quality(tiles, summary, adds_up, _counts(desk, sources), _reasons(desk, sources), _coverage(desk))


def _adds_up(source: Mapping[str, Any]) -> bool:
    parts = sum(int(source.get(key) or 0) for key in COUNTS[1:])
    return parts == int(source.get("rows_in") or 0)


def _counts(desk: Desk, sources: list[Mapping[str, Any]]) -> Table:
    words = desk.words
    keys = (*COUNTS, "repaired")
    rows = [
        (words.pick(source.get("title"), source["name"]), *(words.count(source.get(key) or 0) for key in keys))
        for source in sources
    ]
    return Table((words("sources.head.source"), *(words(f"quality.{key}") for key in keys)), tuple(rows))


def _reasons(desk: Desk, sources: list[Mapping[str, Any]]) -> Table:
    words = desk.words
    found = [
        (int(rows), words.pick(source.get("title"), source["name"]), code, int(source.get("rows_in") or 0))
        for source in sources for code, rows in (source.get("reasons") or {}).items()
    ]  # fmt: skip
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    rows = [
        (title, _reason(desk, code), words.count(n), words.percent(n / of if of else None, 2))
        for n, title, code, of in found[:MOST_REASONS]
    ]  # fmt: skip
    head = ("sources.head.source", "quality.reason", "quality.rows", "quality.share_of_source")
    return Table(tuple(words(key) for key in head), tuple(rows))


def _reason(desk: Desk, code: str) -> str:
    if code == "duplicate":
        return desk.words("quality.duplicate")
    zh, en = REASONS.get(code, (code, code))
    return zh if desk.words.zh else en


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
