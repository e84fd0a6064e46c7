"""What the customers of a snapshot are worth and where they stand: value, lifecycle, RFM grid, regions, personas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from huaxiang.app.analysis.events import Asked, ask, share
from huaxiang.app.analysis.tags import ValueSet, values_of
from huaxiang.app.report.book import Book, Tag
from huaxiang.app.report.words import Words
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORTH_KEYS = ("name", "title", "unit", "known", "missing", "total", "mean", "median")
STAGES_KEYS = ("name", "title", "known", "missing", "values")
STAGE_KEYS = ("value", "title", "count", "share", "when", "worth", "worth_share")
RFM_KEYS = ("name", "r", "f", "known", "missing", "levels", "cells", "classes")
CELL_KEYS = ("r", "f", "count", "share", "when", "worth", "worth_share")
REGIONS_KEYS = ("name", "title", "kind", "city", "known", "missing", "values")
REGION_KEYS = ("value", "title", "count", "share", "when", "cities")
MOST_PLACES = 60
MOST_CITIES = 30
MOST_STAGES = 20
MOST_LEVELS = 10


@dataclass(frozen=True)
class Desk:
    """A snapshot with its tags found by what they are."""

    asked: Asked
    book: Book

    @classmethod
    def of(cls, snapshot: Snapshot) -> Desk:
        """Open a snapshot."""
        asked = ask(snapshot, None)
        words = Words("zh-CN", str((snapshot.manifest.get("project") or {}).get("currency") or "CNY"))
        return cls(asked, Book(snapshot.manifest, snapshot.personas(), frozenset(asked.index.index.fields), words))

    @cached_property
    def sales(self) -> NDArray[np.float64] | None:
        """What each customer is worth, 0 where unknown; None without such a tag."""
        import numpy as np

        tag = self.book.worth()
        if tag is None:
            return None
        column = np.zeros(self.asked.index.size)
        rows, values = self.asked.index.index.numbers(self.asked.index.index.all, tag.name)
        column[rows] = values
        return column

    def worth_of(self, one: ValueSet) -> dict[str, Any]:
        """`worth` and `worth_share` of some customers; None without a tag of worth."""
        if self.sales is None:
            return {"worth": None, "worth_share": None}
        total, own = float(self.sales.sum()), float(self.sales[one.members.rows()].sum())
        return {"worth": round(own, 2), "worth_share": round(own / total, 6) if total > 0 else None}


def _title(tag: Tag) -> Any:
    return tag.entry.get("title") or {"zh": tag.name, "en": tag.name}


def worth(desk: Desk) -> dict[str, Any] | None:
    """Return WORTH_KEYS of the tag that says what a customer is worth (that of the personas, the M of RFM, else the first amount)."""
    import numpy as np

    tag = desk.book.worth()
    if tag is None:
        return None
    _, values = desk.asked.index.index.numbers(desk.asked.index.index.all, tag.name)
    known = len(values)
    return {
        "name": tag.name, "title": _title(tag), "unit": tag.unit, "known": known, "missing": desk.asked.index.size - known,
        "total": round(float(values.sum()), 2), "mean": round(float(values.mean()), 2) if known else None,
        "median": round(float(np.median(values)), 2) if known else None,
    }  # fmt: skip


def lifecycle(desk: Desk) -> dict[str, Any] | None:
    """Return STAGES_KEYS of the first lifecycle tag, its values in the order of the stages; None without one."""
    rfm = desk.book.rfm()
    found = [*desk.book.of_kind("lifecycle"), *desk.book.having("lifecycle")]
    tag = next(iter(found), rfm.band if rfm is not None else None)
    return None if tag is None else _stages(desk, tag)


def _stages(desk: Desk, tag: Tag) -> dict[str, Any]:
    values = values_of(desk.asked, tag.name, MOST_STAGES)
    known = desk.asked.index.index.holders(tag.name).count()
    return {
        "name": tag.name, "title": _title(tag), "known": known, "missing": desk.asked.index.size - known,
        "values": [_part(one, known) | desk.worth_of(one) for one in values],
    }  # fmt: skip


def _part(one: ValueSet, known: int) -> dict[str, Any]:
    count = one.members.count()
    return {"value": one.value, "title": one.title, "count": count, "share": share(count, known), "when": one.when}


def rfm_grid(desk: Desk) -> dict[str, Any] | None:
    """Return RFM_KEYS: customers and worth in each cell of recency score × frequency score; `when` is the condition of a cell."""
    rfm = desk.book.rfm()
    if rfm is None:
        return None
    index = desk.asked.index.index
    both = index.holders(rfm.r.name) & index.holders(rfm.f.name)
    recent, often = (values_of(desk.asked, tag.name, MOST_LEVELS, both) for tag in (rfm.r, rfm.f))
    known = both.count()
    cells = []
    for r in recent:
        for f in often:
            one = ValueSet(None, None, r.members & f.members, f"{r.when} AND {f.when}")
            count = one.members.count()
            cells.append({
                "r": r.value, "f": f.value, "count": count, "share": share(count, known), "when": one.when, **desk.worth_of(one),
            })  # fmt: skip
    return {
        "name": rfm.name, "r": {"name": rfm.r.name, "title": _title(rfm.r)}, "f": {"name": rfm.f.name, "title": _title(rfm.f)},
        "known": known, "missing": desk.asked.index.size - known,
        "levels": {"r": [one.value for one in recent], "f": [one.value for one in often]}, "cells": cells,
        "classes": _stages(desk, rfm.class_) if rfm.class_ is not None else None,
    }  # fmt: skip


def regions(desk: Desk) -> dict[str, Any] | None:
    """Return REGIONS_KEYS: customers by province with their cities; by city, region or country where there is no province."""
    province = _place(desk, "province")
    city = _place(desk, "city")
    main = province or city or _place(desk, "region") or _place(desk, "country")
    if main is None:
        return None
    index = desk.asked.index.index
    known = index.holders(main.name).count()
    values = []
    for one in sorted(values_of(desk.asked, main.name, MOST_PLACES), key=lambda place: -place.members.count()):
        cities = values_of(desk.asked, city.name, MOST_CITIES, one.members) if province and city else []
        values.append(_part(one, known) | {"cities": [
            _part(each, one.members.count()) | {"when": f"{one.when} AND {each.when}"} for each in cities
        ]})  # fmt: skip
    return {
        "name": main.name, "title": _title(main), "kind": main.attribute or main.name,
        "city": city.name if province and city else None, "known": known,
        "missing": desk.asked.index.size - known, "values": values,
    }  # fmt: skip


def _place(desk: Desk, code: str) -> Tag | None:
    """The tag or attribute that says where a customer lives, when its values can be laid out."""
    fields = desk.asked.index.index.fields
    found = [
        *desk.book.having(code),
        *(tag for tag in desk.book.tags if f"attribute:{code}" in (tag.entry.get("lineage") or ())[:1]),
    ]
    return next((tag for tag in found if fields[tag.name].kind == "codes" and not tag.entry.get("personal")), None)


def personas(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The persona cards of the first set: set, its title, segment, name, size, share."""
    sets: Sequence[Mapping[str, Any]] = snapshot.personas().get("sets", ())
    return [
        {
            "set": one["name"], "set_title": one.get("title"), "segment": card["segment"], "name": card["name"], "size": card["size"],
            "share": card["share"],
        }
        for one in sets[:1] for card in one["cards"]
    ]  # fmt: skip
