"""The tags and attributes of a snapshot, found by what they are (kind, catalogue attribute, class), never by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huaxiang.app.report.words import Words
from huaxiang.learn.phrasebook import phrasebook

NUMBERS = frozenset({"integer", "number", "money"})
CATEGORIES = frozenset({"enum", "text", "boolean"})


@dataclass(frozen=True)
class Tag:
    """One column of the customer table as the manifest describes it."""

    name: str
    title: str
    kind: str
    class_: str
    value_type: str
    unit: str | None
    attribute: str | None
    values: Mapping[str, str]
    rfm: Mapping[str, str]
    entry: Mapping[str, Any] = field(repr=False, default_factory=dict)
    known: Mapping[str, str] = field(repr=False, default_factory=dict)
    """Titles that the product has for common values (male, online …), for tags that declare none."""

    @property
    def is_number(self) -> bool:
        """Whether it can be averaged."""
        return self.value_type in NUMBERS

    def value_title(self, value: str) -> str:
        """The title of one of its values, else the value."""
        declared = self.values.get(value)
        return declared if declared and declared != value else self.known.get(value) or value


@dataclass(frozen=True)
class Rfm:
    """The parts of one RFM tag, and the number tags it stands on (None when the manifest does not tell)."""

    name: str
    r: Tag
    f: Tag
    m: Tag
    band: Tag | None
    class_: Tag | None
    recency: Tag | None
    frequency: Tag | None
    monetary: Tag | None


class Book:
    """Looks tags up. Only online ones whose column is in the customer table are seen."""

    def __init__(
        self, manifest: Mapping[str, Any], personas: Mapping[str, Any], columns: frozenset[str], words: Words
    ) -> None:
        self._words = words
        self._known = {value: words.pick({"zh": text.zh, "en": text.en}) for value, text in phrasebook().values.items()}
        self.tags = [
            self._tag(entry) for entry in manifest.get("tags", ())
            if entry["name"] in columns and entry.get("status", "online") == "online"
        ]  # fmt: skip
        taken = {tag.name for tag in self.tags}
        covered = {tag.attribute for tag in self.tags}
        self.attributes = [
            self._tag({"kind": "attribute", "attribute": entry["name"], **entry}) for entry in manifest.get("attributes", ())
            if entry["name"] in columns and entry["name"] not in taken | covered
        ]  # fmt: skip
        self.all = [*self.tags, *self.attributes]
        self.by_name = {tag.name: tag for tag in self.all}
        self._worth = next((card["worth"]["tag"] for card in cards_of(personas) if card.get("worth")), None)
        self.clusterings = {entry["name"] for entry in manifest.get("clusterings", ())}

    def _tag(self, entry: Mapping[str, Any]) -> Tag:
        pick = self._words.pick
        values = {str(value): pick(title, str(value)) for value, title in (entry.get("values") or {}).items()}
        for value in ("true", "false"):
            if entry.get("value_type") == "boolean":
                values.setdefault(value, self._words(f"boolean.{value}"))
        return Tag(
            entry["name"], pick(entry.get("title"), entry["name"]), entry["kind"], entry.get("class") or "other",
            entry.get("value_type") or "text", entry.get("unit"), entry.get("attribute"), values, entry.get("rfm") or {}, entry,
            self._known,
        )  # fmt: skip

    def having(self, *attributes: str, types: frozenset[str] | None = None) -> list[Tag]:
        """Tags and attributes that fill any of the catalogue attributes, in the order of the attributes."""
        return [
            tag for code in attributes for tag in self.all
            if tag.attribute == code and (types is None or tag.value_type in types)
        ]  # fmt: skip

    def of_kind(self, kind: str) -> list[Tag]:
        """Tags of a kind (`lifecycle`, `bands` …)."""
        return [tag for tag in self.tags if tag.kind == kind]

    def rfm(self) -> Rfm | None:
        """The first RFM tag whose three scores are there."""
        groups: dict[str, dict[str, Tag]] = {}
        for tag in self.tags:
            if tag.rfm:
                groups.setdefault(tag.rfm["of"], {})[tag.rfm["part"]] = tag
        for name, parts in groups.items():
            if {"r", "f", "m"} <= parts.keys():
                recency, frequency, monetary = self._rfm_inputs(parts["r"])
                return Rfm(
                    name, parts["r"], parts["f"], parts["m"], parts.get("band"), parts.get("class"),
                    recency, frequency, monetary,
                )  # fmt: skip
        return None

    def _rfm_inputs(self, part: Tag) -> tuple[Tag | None, Tag | None, Tag | None]:
        """Recency, frequency and monetary tags: named by the manifest, or the three of the lineage, else by catalogue attribute."""
        lineage: Sequence[Any] = part.entry.get("lineage") or ()
        near = [tag for item in lineage if (tag := self.by_name.get(_last_name(item))) is not None and tag.is_number]
        wanted = (("recency", "recency"), ("frequency", "consumption_frequency"), ("monetary", "consumption_amount"))
        in_order: list[Tag | None] = list(near) if len(near) == 3 else [None, None, None]
        found: list[Tag | None] = []
        for place, (key, attribute) in enumerate(wanted):
            named = self.by_name.get(part.rfm.get(key, "")) or in_order[place]
            pool = [tag for tag in near if tag.attribute == attribute] or self.having(attribute)
            found.append(named or next((tag for tag in pool if tag.is_number), None))
        return found[0], found[1], found[2]

    def worth(self) -> Tag | None:
        """The money tag that says what a customer is worth: the personas', else the M of RFM, else the first amount."""
        named = self.by_name.get(self._worth or "")
        if named is not None:
            return named
        rfm = self.rfm()
        if rfm is not None and rfm.monetary is not None:
            return rfm.monetary
        amounts = self.having("consumption_amount") + [tag for tag in self.all if tag.value_type == "money"]
        return next((tag for tag in amounts if tag.is_number), None)

    def orders(self) -> Tag | None:
        """The number of purchases: the F of RFM, else the tag that fills purchase frequency."""
        rfm = self.rfm()
        if rfm is not None and rfm.frequency is not None:
            return rfm.frequency
        return next(
            iter(self.having("consumption_frequency", "purchase_behaviour", types=frozenset({"integer"}))), None
        )


def cards_of(personas: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All persona cards of a snapshot in order."""
    return [card for one in personas.get("sets", ()) for card in one["cards"]]


def _last_name(item: Any) -> str:
    """A lineage entry names a tag plainly (`orders`), qualified (`tag:orders`, `tags.orders`) or as a mapping with `name`."""
    text = str(item.get("name", "")) if isinstance(item, Mapping) else str(item)
    return text.replace(":", ".").rsplit(".", 1)[-1]
