"""What a person writes in a project's YAML files, as frozen types: unknown keys are refused everywhere.

These are the written forms only. `huaxiang.spec.check` turns a `Project` into a checked one, and the planners of
`huaxiang.stages` read it. Every definition has a `name` (snake_case), and most a `title` in one or two languages.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from huaxiang.spec.base import Name, Spec, Text, Title, ValueType
from huaxiang.spec.login import OidcSpec
from huaxiang.spec.people import (
    AttributeFrom,
    AttributeSpec,
    ComparisonSpec,
    HouseholdSpec,
    IdentityKeySpec,
    KeyLimit,
    MatchingSpec,
    Stitch,
)
from huaxiang.spec.quality import QualityRules
from huaxiang.spec.sources import (
    ColumnSpec,
    DatabaseSpec,
    Entity,
    LegalBasis,
    LookupSpec,
    SourceSpec,
)

__all__ = [
    "AttributeFrom",
    "AttributeSpec",
    "AudienceSpec",
    "BandsTag",
    "ClusteringSpec",
    "ColumnSpec",
    "ComparisonSpec",
    "DatabaseSpec",
    "DefinitionFile",
    "Entity",
    "ExpressionTag",
    "FactTag",
    "Feature",
    "FieldRight",
    "Function",
    "HouseholdSpec",
    "IdentityKeySpec",
    "KeyLimit",
    "Layer",
    "LayeredTag",
    "LegalBasis",
    "LifecycleTag",
    "LookupSpec",
    "MatchingSpec",
    "Name",
    "OidcSpec",
    "PersonaSetSpec",
    "ProjectSpec",
    "QualityRules",
    "RfmTag",
    "RuleTag",
    "ScoreSpec",
    "SourceSpec",
    "Spec",
    "StatisticTag",
    "Stitch",
    "Tag",
    "TagBase",
    "TagClass",
    "Text",
    "Title",
    "ValueType",
    "Window",
]


class FieldRight(Spec):
    """How roles see fields (attributes, tags, clusterings), and which audiences are opened to them (docs/people.md)."""

    roles: tuple[Literal["analyst", "marketer", "service", "auditor"], ...] = Field(min_length=1)
    fields: tuple[Name, ...] = ()
    show: Literal["hidden", "masked", "shown"] = Field(
        "hidden",
        description="hidden: not there, nor what is computed from it; masked: only that there is a value; "
        "shown: even if computed from a hidden one",
    )
    audiences: tuple[Name, ...] = Field(
        (), description="audiences that may be used by name, though what they read is hidden"
    )


class ProjectSpec(Spec):
    """`huaxiang.yaml`."""

    name: Name
    title: Title = None
    description: str | None = None
    language: Literal["zh-CN", "en"] = "zh-CN"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, e.g. CNY")] = "CNY"
    timezone: str = "Asia/Shanghai"
    as_of: str = Field(
        "today",
        description="`today`, `data` (the day of the newest dated row of all sources, never after today) or YYYY-MM-DD",
    )
    rates: dict[str, float] = Field(
        default_factory=dict, description="ISO 4217 code → what one unit of it is worth in the project's currency"
    )
    keep_snapshots: int = Field(30, ge=1, description="older snapshots are removed after a build")
    sensitive: bool = Field(False, description="allow attributes that the catalogue marks off by default (health …)")
    field_rights: tuple[FieldRight, ...] = Field(
        (), description="what roles see of fields; what stands further down wins"
    )
    oidc: OidcSpec | None = Field(None, description="login by an OpenID Connect provider, beside passwords")
    sandbox: bool = Field(False, description="data to try things on: the web page offers its guided tour")


TagClass = Literal[
    "demographic", "consumption", "psychographic", "social", "relationship", "health", "technical", "other"
]


class Window(Spec):
    """A stretch of days before the as-of date: `90d`, or days with an offset (`{days: 90, offset: 90}` = 91–180 days ago)."""

    days: int = Field(ge=1, le=99_999)
    offset: int = Field(0, ge=0, le=99_999)


class TagBase(Spec):
    """What all tags share."""

    name: Name
    title: Title = None
    description: str | None = None
    class_: TagClass = Field("other", alias="class")
    attribute: str | None = Field(None, description="catalogue attribute that this tag fills")
    owner: str | None = None
    unit: str | None = None
    values: dict[str, Title] | None = Field(None, description="values of an enum in display order, with their titles")
    status: Literal["draft", "online", "offline"] = "online"


Function = Literal[
    "count",
    "distinct",
    "sum",
    "min",
    "max",
    "mean",
    "median",
    "stddev",
    "first",
    "last",
    "top",
    "top_n",
    "share",
    "top_share",
    "days_since_first",
    "days_since_last",
    "active_days",
    "cycle",
]


class StatisticTag(TagBase):
    """A statistic over a source's rows of one customer."""

    kind: Literal["statistic"]
    source: Name
    measure: Function
    of: str | None = Field(None, description="SQL expression over the source's fields that is measured")
    by: str | None = Field(None, description="top, top_n, top_share: weight that is summed (default: rows counted)")
    share_of: str | None = Field(
        None, description="share: SQL condition; rows that meet it, over all rows (weighted by `of`)"
    )
    where: str | None = Field(None, description="SQL condition over the source's fields")
    window: str | Window | None = Field(None, description="`90d`, or {days, offset}; none = all time to the as-of date")
    n: int = Field(3, ge=1, le=50, description="top_n: how many")
    empty: int | float | bool | str | None = Field(
        None, description="value of customers without any row (count, distinct, sum: 0)"
    )


class FactTag(TagBase):
    """An attribute of the profile, taken over as a tag."""

    kind: Literal["fact"]
    from_: Name = Field(alias="from", description="attribute name")


class RuleTag(TagBase):
    """True for customers who meet a condition over tags and attributes, false for the rest."""

    kind: Literal["rule"]
    when: str | dict[str, object]


class ExpressionTag(TagBase):
    """A value computed from other tags and attributes."""

    kind: Literal["expression"]
    value: str


class Layer(Spec):
    """One value of a layered tag."""

    value: str
    title: Title = None
    when: str | dict[str, object]


class LayeredTag(TagBase):
    """The first layer whose condition holds gives the value."""

    kind: Literal["layered"]
    layers: tuple[Layer, ...]
    otherwise: str | None = None


class BandsTag(TagBase):
    """A number cut into bands: `bounds` are the lower edges of all bands but the first; labels has one more item."""

    kind: Literal["bands"]
    of: str = Field(description="SQL expression over tags and attributes")
    bounds: tuple[float, ...] | Literal["age"] = Field(
        description="`age` = the published bands <18 18–24 … 50–59 other"
    )
    labels: tuple[str, ...] | None = None
    otherwise: str | None = Field(None, description="value when the number is missing")


class ScoreSpec(Spec):
    """How R, F and M become scores 1…n: quantile cuts by value edges (equal values, equal scores), or given bounds."""

    method: Literal["quantile", "bounds"] = "quantile"
    levels: int = Field(5, ge=2, le=10)
    recency: tuple[float, ...] = Field(
        (), description="bounds: upper edges in days, ascending; fewer days score higher"
    )
    frequency: tuple[float, ...] = Field((), description="bounds: lower edges, ascending")
    monetary: tuple[float, ...] = Field((), description="bounds: lower edges, ascending")


class RfmTag(TagBase):
    """RFM from three number tags: writes <name>_r, _f, _m (scores), _band (activity by R) and _class (eight classes)."""

    kind: Literal["rfm"]
    recency: Name = Field(description="tag: days since last purchase")
    frequency: Name
    monetary: Name
    bands: dict[str, int] = Field(
        default_factory=lambda: {"active": 90, "sleeping": 180, "at_risk": 360},
        description="value → days up to which it holds, ascending; beyond the last: lost",
    )
    beyond: str = "lost"
    scores: ScoreSpec = ScoreSpec()
    split: Literal["mean_score", "mean_value", "median_value"] = Field(
        "mean_score", description="what parts high from low in the eight classes"
    )


class LifecycleTag(TagBase):
    """Stage of the customer: potential, first_purchase, active, sleeping, churned; the later stage wins."""

    kind: Literal["lifecycle"]
    orders: Name = Field(description="tag: number of orders")
    recency: Name = Field(description="tag: days since the last order")
    sleeping_after: int = 90
    churned_after: int = 360


Tag = Annotated[
    StatisticTag | FactTag | RuleTag | ExpressionTag | LayeredTag | BandsTag | RfmTag | LifecycleTag,
    Field(discriminator="kind"),
]


SQL_LIST = "_sql."
"""Begins the names of the lists by which a build knows the members of SQL audiences; no uploaded list has such a name."""


class AudienceSpec(Spec):
    """A group 人群 of customers: those who meet a condition, now or on a day of the past, those on an uploaded list, or those whom a
    query selects.
    """

    name: Name
    title: Title = None
    description: str | None = None
    owner: str | None = None
    kind: Literal["dynamic", "static", "frozen", "sql"] = Field(
        "dynamic",
        description="dynamic: recomputed at every build; static: an uploaded list; frozen: the members of the day `frozen_at`, kept; sql: "
        "those whom `sql` selects, recomputed at every build",
    )
    when: str | dict[str, object] | None = Field(
        None, description="condition over tags and attributes, as text or tree"
    )
    list_: str | None = Field(
        None, alias="list", description="static: name of the uploaded list (default: the audience's name)"
    )
    frozen_at: str | None = Field(
        None, description="frozen: YYYY-MM-DD; the last snapshot built on or before that day says who is in"
    )

    sql: str | None = Field(
        None, description="sql: one SELECT customer_id over the permitted tables (docs/api.md, SQL audiences)"
    )

    @property
    def condition(self) -> str | dict[str, object]:
        """The condition that members meet; for a frozen audience the one they met on that day. A query is a list for the build."""
        if self.kind == "sql":
            return f"in_list('{SQL_LIST}{self.name}')"
        if self.kind == "static":
            return f"in_list('{self.list_ or self.name}')"
        return self.when if self.when is not None else ""


class Feature(Spec):
    """One input of a clustering: a number tag or attribute and how it is prepared."""

    tag: Name
    transform: Literal["auto", "none", "log"] = Field(
        "auto", description="auto: log1p when skewness is above 1 and no negatives"
    )
    missing: Literal["median", "zero", "exclude"] = "median"
    weight: float = Field(1.0, gt=0)


class ClusteringSpec(Spec):
    """K-means over declared features; writes a tag of the same name with values c1…ck, largest first on the first build."""

    name: Name
    title: Title = None
    description: str | None = None
    within: str | dict[str, object] | None = Field(None, description="condition: only these customers are clustered")
    features: tuple[Name | Feature, ...] = Field(min_length=2)
    k: int | tuple[int, int] = Field((3, 8), description="fixed, or the range to choose from by evidence")
    seed: int = 20240101
    resamples: int = Field(20, ge=5, le=200)


class PersonaSetSpec(Spec):
    """Which segments get a persona card, and which tags may speak on it."""

    name: Name
    title: Title = None
    clustering: Name | None = Field(None, description="one card per cluster of it")
    audiences: tuple[Name, ...] = Field((), description="one card per audience")
    worth: Name = Field(description="money tag that says what a customer is worth")
    tags: tuple[Name, ...] | None = Field(None, description="tags that may be spoken of; default all that are online")
    names: dict[str, Title] | None = Field(None, description="cluster value or audience → a name given by hand")
    alpha: float = Field(
        0.05, gt=0, lt=0.5, description="false-discovery rate (Benjamini–Hochberg) over all comparisons"
    )
    minimum_size: int = Field(30, ge=5)


class DefinitionFile(Spec):
    """Any file below sources/ identity/ attributes/ tags/ audiences/ personas/: lists by kind, all optional."""

    sources: tuple[SourceSpec, ...] = ()
    identity: tuple[IdentityKeySpec, ...] = ()
    matching: tuple[MatchingSpec, ...] = ()
    households: tuple[HouseholdSpec, ...] = ()
    attributes: tuple[AttributeSpec, ...] = ()
    tags: tuple[Tag, ...] = ()
    audiences: tuple[AudienceSpec, ...] = ()
    clusterings: tuple[ClusteringSpec, ...] = ()
    personas: tuple[PersonaSetSpec, ...] = ()
