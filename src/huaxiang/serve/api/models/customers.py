"""Requests and answers about single customers and who is who."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, Name, NextPage, Request, Shape, Snapshot, Text

Ids = Annotated[list[Name], Field(min_length=2, max_length=100)]
Why = Annotated[str, Field(max_length=1000, description="The reason, kept with the decision")]


class UnmaskAsked(Request):
    """Which fields of a customer are to be seen in full, and why."""

    fields: Annotated[
        list[Name], Field(min_length=1, max_length=50, description="Names of attributes, tags or identity keys")
    ]
    reason: Annotated[str, Field(max_length=500, description="At least 5 characters, kept in the audit log")]
    purpose: Literal["service", "complaint", "check", "legal", "other"] = "other"


class Unmasked(Snapshot):
    """Values in full."""

    customer_id: str
    values: dict[str, Any]


class Value(Answer):
    """A value of an attribute or tag of a customer; personal ones are masked."""

    name: str
    title: Text | str | None
    class_: str | None = Field(alias="class")
    unit: str | None
    value_type: str
    value: Any
    value_title: Text | str | None
    value_titles: list[Any] | None
    kind: str | None = Field(None, description="Of a tag: how it is made")
    provenance: Shape | None = None


class Segment(Answer):
    """The cluster of a clustering that a customer belongs to."""

    clustering: str
    title: Text | str | None
    segment: str | None
    persona: Text | None


class Key(Answer):
    """An identity key of a customer; `value` is masked when it is personal, and null where it is not held or may not be seen.
    `value_digest` is empty for who sees values masked.
    """

    key: str
    value: Any
    value_digest: str


class Records(Answer):
    """How many rows of a source are the customer's."""

    source: str
    title: Text | str | None
    rows: int


class Customer(Dated):
    """One customer in full; `redirected_from`: the ID asked for, when it was merged into this one."""

    customer_id: str
    redirected_from: str | None
    attributes: list[Value]
    tags: list[Value]
    segments: list[Segment]
    audiences: list[str]
    audience_titles: dict[str, Any]
    household: Shape | None
    account: Shape | None
    identity: list[Key]
    records: list[Records]
    provenance: list[Shape] | None


class SearchAsked(Request):
    """What to look for. It stands in the body, so that no log of URLs holds a phone number."""

    text: Annotated[str, Field(min_length=1, max_length=200, description="Part of a name, phone number, city, ID …")]
    limit: Annotated[int, Field(ge=1, le=1000)] = 20


class Hit(Answer):
    """A customer who was found, and by which attributes, tags and keys; `condition`: the text is one."""

    customer_id: str
    matched: list[str]
    name: str | None = None
    phone: str | None = None
    values: dict[str, Shape] = Field({}, description="Values of `columns`, as {value, value_title}")


class Found(Dated):
    """Customers who were found, the best first; `more`: `total` is a lower bound."""

    found: list[Hit]
    total: int
    more: bool
    columns: list[Shape] = Field(description="What is shown of each: {name, title, value_type, unit, role}")
    values: list[Shape] = Field(
        description="Values of tags and attributes that the text may mean, with `count` and `condition`"
    )
    condition: str | None = Field(description="The text, when it was read as a condition")
    whole_number: bool = Field(
        description="More of the end of a phone number was asked for than masks show: give four digits, or all"
    )
    elapsed_ms: float


class Explained(Dated):
    """Why a customer is one: records, and the evidence that links, was refused, or waits (docs/identity.md)."""

    customer_id: str
    asked: str
    records: list[Shape]
    linked: list[Shape]
    refused: list[Shape]
    review: list[Shape]
    was: list[Shape]
    households: list[Shape]
    decisions: list[Shape]


class Pair(Answer):
    """Two customers about whom a person should decide."""

    number: int
    customers: list[str]
    kind: str
    rule: str
    weight: float | None
    probability: float | None
    reason: str
    fields: dict[str, list[Any]]


class Review(Snapshot, NextPage):
    """Pairs that wait for a decision."""

    total: int
    offset: int
    pairs: list[Pair]


class IdentityStatus(Dated):
    """Figures of the last build about who is who."""

    records: int | None
    customers: int | None
    exact_customers: int | None
    evidence: list[Shape] | None
    held_back: list[Shape]
    giants: list[Shape]
    shared_devices: int | None
    review: int | None
    redirects: int | None
    decisions: int
    waiting: list[int]
    unmet: list[int]


class DryRun(Snapshot):
    """What the rules that stand in the files now would change."""

    records: int
    customers_before: int
    customers_after: int
    joined: int
    parted: int
    unknown_fields: list[str]
    joins: list[Shape]
    parts: list[Shape]
    review: int
    held_back: list[Shape]
    giants: list[Shape]


class Because(Request):
    """Why a decision is taken."""

    why: Why = ""


class MergeAsked(Request):
    """Customers who are one person."""

    customers: Ids
    why: Annotated[str, Field(min_length=1, max_length=1000)]


class SplitAsked(Request):
    """Records (digests or their beginnings) of a customer that are somebody else's."""

    customer_id: Name
    records: Annotated[list[Name], Field(min_length=1, max_length=1000)]
    why: Annotated[str, Field(min_length=1, max_length=1000)]


class UnmergeAsked(Request):
    """The customer into whom the last merge went."""

    customer_id: Name
    why: Why = ""


class Decision(Answer):
    """A decision as it was kept; it takes effect at the next build."""

    number: int
    kind: str
    customers: list[str]
    records: int
    others: int
    undoes: int | None
    takes_effect: str
