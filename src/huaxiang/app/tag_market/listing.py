"""The tags of a project as a market: by class and theme, searched, filtered and sorted, with figures, users and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from huaxiang.app.catalogue import CLASS_TITLES, load_catalogue
from huaxiang.app.tag_market.facts import Facts, facts_of, kept_before, moved
from huaxiang.app.tag_market.life import review_of
from huaxiang.app.tag_market.projects import project_or_none
from huaxiang.app.tag_market.readers import used_by
from huaxiang.errors import UsageError
from huaxiang.plan.columns import output_names
from huaxiang.run.described import attribute_behind
from huaxiang.run.segmenting import text_of
from huaxiang.spec.models import FactTag, Tag

if TYPE_CHECKING:
    from huaxiang.spec.loader import Project
    from huaxiang.store.snapshots import Snapshot
    from huaxiang.store.state import StateStore

MARKET_KEYS = ("snapshot", "as_of", "customers", "before", "total", "tags", "tree", "facets", "problem")
CARD_KEYS = (
    "name", "definition", "title", "description", "kind", "class", "theme", "owner", "value_type", "unit", "status", "review", "built",
    "coverage", "missing", "values", "sketch", "fresh_to", "lag_days", "used_by", "users", "change", "version",
)  # fmt: skip
Sort = Literal["definition", "name", "coverage", "users", "change", "fresh_to"]
_SKETCH = 12


@dataclass(frozen=True)
class Wanted:
    """Which tags are wanted, None for any: `text` in name, titles, description or owner; `coverage`: at least."""

    text: str | None = None
    class_: str | None = None
    theme: str | None = None
    kind: str | None = None
    status: str | None = None
    owner: str | None = None
    coverage: float | None = None
    sort: Sort = "definition"


def market(folder: Path, snapshot: Snapshot, state: StateStore, wanted: Wanted) -> dict[str, Any]:
    """Return MARKET_KEYS: `tags` (CARD_KEYS) that are wanted, and `tree` and `facets`, which count what each other choice of class and
    theme, or of kind, status and owner, would show.

    `before`: the snapshot that changes are told against. `problem`: True while the project's files have faults, when only built tags are
    shown. Raises UsageError for an unknown way of sorting.
    """
    if wanted.sort not in get_args(Sort):
        raise UsageError.unknown("sorting", wanted.sort, get_args(Sort))
    project = project_or_none(folder)
    before = before_of(folder, snapshot)
    cards = cards_of(project, snapshot, before, state)
    found = [c for c in cards if _meets(c, wanted)]
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "customers": snapshot.manifest["customers"],
        "before": {"snapshot": before.id, "as_of": before.as_of} if before else None, "total": len(cards),
        "tags": _sorted(found, wanted.sort), "tree": _tree([c for c in cards if _meets(c, wanted, but=("class", "theme"))]),
        "facets": {
            key: _counted(c[key] for c in cards if _meets(c, wanted, but=(key,))) for key in ("kind", "status", "owner")
        }, "problem": project is None,
    }  # fmt: skip


def cards_of(
    project: Project | None, snapshot: Snapshot, before: Facts | None, state: StateStore
) -> list[dict[str, Any]]:
    """All tags (CARD_KEYS) in the order of their definition, drafts and tags that are offline too; then those that were built but are
    no longer defined, whose status is `removed`.

    From whom fields are hidden, sees built tags alone: what others are computed from is not known.
    """
    built = {tag["name"]: tag for tag in snapshot.manifest.get("tags", ())}
    events = state.definitions.last("tag")
    day = date.fromisoformat(str(snapshot.manifest["as_of"])[:10])
    cards: list[dict[str, Any]] = []
    for spec in project.tags.values() if project else ():
        for name in output_names(spec) if any(n in built for n in output_names(spec)) else (spec.name,):
            card = _defined(project, spec, name) | _figures(built.get(name), before, day)
            cards.append(card | {"status": spec.status, "review": review_of(events.get(spec.name))})
    if snapshot.hidden:
        cards = [
            _visible(card, snapshot.hidden)
            for card in cards
            if card["built"] and card["definition"] not in snapshot.hidden
        ]
    shown = {card["name"] for card in cards}
    for name, tag in built.items():
        if name not in shown:
            status = tag.get("status") if project is None or not project.tags else "removed"
            cards.append(_known(tag) | _figures(tag, before, day) | {"status": status, "review": None})
    return [{key: card[key] for key in CARD_KEYS} for card in cards]


def _defined(project: Project | None, spec: Tag, name: str) -> dict[str, Any]:
    assert project is not None
    users = used_by(project, spec.name)
    return {
        "name": name, "definition": spec.name, "title": text_of(spec.title, spec.name), "description": spec.description, "kind": spec.kind,
        "class": class_of(project, spec), "theme": theme_of(project, spec), "owner": spec.owner, "unit": spec.unit,
        "used_by": users, "users": sum(map(len, users.values())),
    }  # fmt: skip


def _visible(card: dict[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """A card without users that are hidden."""
    users = {kind: [name for name in names if name not in hidden] for kind, names in card["used_by"].items()}
    return card | {"used_by": users, "users": sum(map(len, users.values()))}


def _known(tag: Mapping[str, Any]) -> dict[str, Any]:
    """A tag that only the snapshot knows."""
    return {
        "name": tag["name"], "definition": (tag.get("rfm") or {}).get("of") or tag["name"], "title": text_of_built(tag),
        "description": tag.get("description"), "kind": tag.get("kind"), "class": tag.get("class") or "other",
        "theme": _theme(tag.get("attribute")), "owner": tag.get("owner"), "unit": tag.get("unit"),
        "used_by": {}, "users": 0,
    }  # fmt: skip


def text_of_built(tag: Mapping[str, Any]) -> dict[str, str]:
    """The title of a tag in both languages, from the manifest."""
    title = tag.get("title")
    return dict(title) if isinstance(title, Mapping) else text_of(title, tag["name"])


def _figures(tag: Mapping[str, Any] | None, before: Facts | None, day: date) -> dict[str, Any]:
    if tag is None:
        keys = ("value_type", "coverage", "missing", "values", "fresh_to", "lag_days", "change", "version")
        return dict.fromkeys(keys) | {"built": False, "sketch": []}
    shape = tag.get("distribution") or {}
    title = {"title": text_of_built(tag)} if tag.get("rfm") else {}
    return title | {
        "built": True, "value_type": tag["value_type"], "coverage": tag.get("coverage"), "missing": tag.get("missing"),
        "values": len(shape["values"]) if shape.get("kind") == "values" else None, "sketch": _sketch(shape),
        "fresh_to": tag.get("fresh_to"), "lag_days": _lag(tag.get("fresh_to"), day), "version": tag.get("version"),
        "change": _change(tag, before),
    }  # fmt: skip


def _sketch(shape: Mapping[str, Any]) -> list[float]:
    """The outline of a distribution, to be drawn small: shares of the first values, or of a dozen classes of numbers."""
    counts = [int(count) for _, count in shape.get("values") or ()] or [int(b[2]) for b in shape.get("bins") or ()]
    if len(counts) > _SKETCH and shape.get("kind") == "numbers":
        step = -(-len(counts) // _SKETCH)
        counts = [sum(counts[i : i + step]) for i in range(0, len(counts), step)]
    total = sum(counts) + int(shape.get("other") or 0)
    return [round(count / total, 4) for count in counts[:_SKETCH]] if total else []


def _lag(fresh_to: str | None, day: date) -> int | None:
    """Days from the newest row that a tag is computed from to the as-of day."""
    if not fresh_to:
        return None
    return max((day - datetime.fromisoformat(str(fresh_to)).date()).days, 0)


def _change(tag: Mapping[str, Any], before: Facts | None) -> dict[str, Any] | None:
    """What changed since the build before: coverage, how far the values moved, whether it was defined otherwise; None without one."""
    if before is None:
        return None
    old = before.tags.get(tag["name"])
    if old is None:
        return {"new": True, "redefined": False, "coverage": None, "moved": None}
    both = tag.get("coverage") is not None and old["coverage"] is not None
    return {
        "new": False, "redefined": tag.get("definition_hash") != old["definition_hash"],
        "coverage": round(tag["coverage"] - old["coverage"], 6) if both else None, "moved": moved(old, tag),
    }  # fmt: skip


def class_of(project: Project, spec: Tag) -> str:
    """The class that a tag declares, else that of the attribute behind it."""
    if "class_" in spec.model_fields_set:
        return spec.class_
    codes = [spec.attribute, behind_of(project, spec)]
    return next((load_catalogue()[code].class_ for code in codes if code in load_catalogue()), spec.class_)  # type: ignore[index]


def behind_of(project: Project, spec: Tag) -> str | None:
    """The attribute that a fact takes over."""
    behind = attribute_behind(project, spec.from_) if isinstance(spec, FactTag) else None
    return behind.name if behind is not None else None


def theme_of(project: Project, spec: Tag) -> dict[str, Any] | None:
    """The catalogue attribute that a tag tells of: `code` and `title`."""
    return _theme(spec.attribute) or _theme(behind_of(project, spec))


def _theme(code: str | None) -> dict[str, Any] | None:
    if code is None or code not in load_catalogue():
        return None
    return {"code": code, "title": load_catalogue()[code].title.model_dump()}


def _meets(card: Mapping[str, Any], wanted: Wanted, *, but: Sequence[str] = ()) -> bool:
    exact = {
        "class": wanted.class_,
        "theme": wanted.theme,
        "kind": wanted.kind,
        "status": wanted.status,
        "owner": wanted.owner,
    }
    for key, value in exact.items():
        own = (card["theme"] or {}).get("code") if key == "theme" else card[key]
        if value is not None and key not in but and own != value and not (key == "status" and _waits(card, value)):
            return False
    if wanted.coverage is not None and (card["coverage"] or 0) < wanted.coverage:
        return False
    return not wanted.text or all(word in _text(card) for word in wanted.text.casefold().split())


def _waits(card: Mapping[str, Any], status: str) -> bool:
    return status == "review" and card["review"] is not None


def _text(card: Mapping[str, Any]) -> str:
    texts = (
        card["name"],
        *card["title"].values(),
        card["description"],
        card["owner"],
        *((card["theme"] or {}).get("title") or {}).values(),
    )
    return "\n".join(str(text) for text in texts if text).casefold()


def _sorted(cards: list[dict[str, Any]], by: Sort) -> list[dict[str, Any]]:
    if by == "definition":
        return cards
    if by == "name":
        return sorted(cards, key=lambda c: c["name"])
    if by == "change":
        return sorted(cards, key=lambda c: -_size_of(c["change"]))
    if by == "fresh_to":
        return sorted(cards, key=lambda c: str(c["fresh_to"] or ""), reverse=True)
    return sorted(cards, key=lambda c: -(c[by] or 0))


def _size_of(change: Mapping[str, Any] | None) -> float:
    if change is None:
        return 0.0
    return 2.0 if change["new"] else max(abs(change["coverage"] or 0), change["moved"] or 0, float(change["redefined"]))


def _tree(cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Classes that have tags, in the catalogue's order, with their themes; tags without a theme are counted in their class alone."""
    tree = []
    for class_, title in CLASS_TITLES.items():
        own = [c for c in cards if c["class"] == class_]
        themes = {c["theme"]["code"]: c["theme"]["title"] for c in own if c["theme"]}
        counts = _counted(c["theme"]["code"] for c in own if c["theme"])
        if own:
            told = [{"code": code, "title": text, "tags": counts[code]} for code, text in themes.items()]
            tree.append({"class": class_, "title": title.model_dump(), "tags": len(own), "themes": told})
    return tree


def _counted(values: Iterable[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        if value is not None:
            found[str(value)] = found.get(str(value), 0) + 1
    return found


def before_of(folder: Path, snapshot: Snapshot) -> Facts | None:
    """The kept snapshot before this one, as far as tags go."""
    older = kept_before(folder, snapshot.id)[:-1]
    return facts_of(folder, older[-1]) if older else None
