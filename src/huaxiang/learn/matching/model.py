"""The trained matching model: everything that scores a pair, as plain data that a file can keep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property

from huaxiang.errors import UsageError
from huaxiang.learn.matching.blocking import Rule
from huaxiang.learn.matching.fields import Field

VERSION = 1


@dataclass(frozen=True)
class Weights:
    """Probabilities of the levels of one comparison, in the order of its levels: between records of one person (`m`), of two
    strangers (`u`), and of two people who are related, e.g. live together (`kin`).
    """

    m: tuple[float, ...]
    u: tuple[float, ...]
    kin: tuple[float, ...]


@dataclass(frozen=True)
class MatchModel:
    """A Fellegi–Sunter model with a third class, people who are related.

    `match` and `related`: share of all pairs of records that are one person, and two related people. `terms`: helper column →
    digest of a value → share of the records that know the field; values that are not in it count as `rarest`. `records`: how many
    records it was trained on.
    """

    fields: tuple[Field, ...]
    blocking: tuple[Rule, ...]
    weights: Mapping[str, Weights]
    match: float
    related: float
    terms: Mapping[str, Mapping[str, float]]
    rarest: Mapping[str, float]
    records: int
    notes: Sequence[str] = field(default=())

    def to_json(self) -> str:
        """The model as JSON text; the same model gives the same text."""
        return self._text

    @cached_property
    def _text(self) -> str:
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        own |= {"fields": [asdict(f) for f in self.fields], "blocking": [asdict(r) for r in self.blocking]}
        own["weights"] = {name: asdict(w) for name, w in self.weights.items()}
        return json.dumps({"version": VERSION, **own}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> MatchModel:
        """The model that `to_json` wrote. Raises UsageError when it is of another version."""
        data = json.loads(text)
        if data.pop("version", None) != VERSION:
            raise UsageError(
                "the saved matching model is of another version of Huaxiang; build again with --full",
                "保存的匹配模型属于另一版本的画像；请加 --full 重新构建",
            )
        model = cls(
            fields=tuple(Field(**f) for f in data["fields"]),
            blocking=tuple(Rule(r["name"], tuple(r["parts"])) for r in data["blocking"]),
            weights={k: Weights(tuple(w["m"]), tuple(w["u"]), tuple(w["kin"])) for k, w in data["weights"].items()},
            match=data["match"],
            related=data["related"],
            terms=data["terms"],
            rarest=data["rarest"],
            records=data["records"],
            notes=tuple(data["notes"]),
        )
        model.__dict__["_text"] = text  # writing so much again would take longer than many a build's matching
        return model
