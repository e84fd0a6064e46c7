"""People as written in YAML: identity keys, matching, households, and the attributes of the profile."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from huaxiang.spec.base import Name, Spec, Title, ValueType


class KeyLimit(Spec):
    """How many different values of a key one customer may have; a merge that would exceed it is refused and reported."""

    values: int = Field(ge=1)
    within: int | None = Field(None, ge=1, description="days: only values seen within so many days of each other count")


class Stitch(Spec):
    """How rows that carry only a device's key find their person in time."""

    back: int = Field(
        30, ge=0, description="days before a sign-in whose anonymous rows belong to the person who then signs in"
    )
    keep: int = Field(
        180, ge=0, description="days after the last sign-in during which rows still belong to that person"
    )
    anonymous: bool = Field(
        False,
        description="devices on which nobody ever signed in are customers of their own (default: their rows have none)",
    )
    max_customers: int = Field(
        3, ge=1, description="a device on which more people signed in is shared: only rows of the sign-in's day belong"
    )


class IdentityKeySpec(Spec):
    """One exact key. `strong`: records that share a value are one customer. `contact` (phone, e-mail): they are, unless their
    descriptions contradict. `device`: never joins people; its rows belong to whoever signed in, in time.
    """

    role: Literal["strong", "contact", "device"] = "strong"
    limit: KeyLimit | None = None
    stitch: Stitch = Stitch()

    name: Name
    title: Title = None
    field: Name = Field(description="field of the sources that holds it, e.g. customer_key, phone, email")
    priority: int = Field(1, description="1 is the strongest; the customer ID is drawn from the strongest key present")
    blocked: tuple[str, ...] = Field(
        (), description="values that never link, besides the built-in ones (null, 0, -1 …)"
    )
    personal: bool = Field(False, description="true: the value is never shown as customer ID, a digest is")
    max_records: int = Field(
        1000, ge=1, description="a value on more person records than this links nothing, and is reported"
    )


class ComparisonSpec(Spec):
    """How one field of two records is compared in probabilistic matching."""

    field: Name
    kind: Literal[
        "auto",
        "name",
        "given_name",
        "surname",
        "date",
        "phone",
        "email",
        "address",
        "postcode",
        "number",
        "text",
        "exact",
    ] = "auto"
    term_frequency: bool | None = Field(None, description="rare values that agree weigh more; default by kind")


class MatchingSpec(Spec):
    """Probabilistic matching (Fellegi–Sunter) of the records that describe people."""

    name: Name
    title: Title = None
    comparisons: tuple[ComparisonSpec | Name, ...] = Field(
        (), description="default: every known field that sources map"
    )
    blocking: tuple[tuple[str, ...], ...] = Field(
        (),
        description="pairs are compared when all fields of one of these lists agree; default by the fields there are",
    )
    link: float = Field(0.95, gt=0.5, lt=1, description="probability from which records are one customer")
    review: float = Field(0.5, ge=0, lt=1, description="probability from which a person is asked to decide")
    conflicts: tuple[Name, ...] = Field(
        (),
        description="fields of which two different known values part people; default: by kind, e.g. national ID number",
    )
    max_block: int = Field(
        2_000, ge=2, description="a blocking value on more records than this is left out, and reported"
    )
    max_customer: int = Field(500, ge=2, description="a customer of more records than this is broken up and reported")


class HouseholdSpec(Spec):
    """Customers who live together: same address (and what else is asked) → one household."""

    name: Name
    title: Title = None
    address: Name = Field("address", description="attribute that holds the full address, or its key")
    also: tuple[Name, ...] = Field(
        (), description="attributes of which at least one must agree too, e.g. phone, surname"
    )
    max_members: int = Field(
        12, ge=2, description="an address of more customers is no household (a dormitory, an office)"
    )


class AttributeFrom(Spec):
    """One of several sources of an attribute."""

    source: Name
    value: str = Field(description="SQL expression over the source's fields")
    trust: float | None = Field(None, ge=0, le=1, description="default: the source's")


class AttributeSpec(Spec):
    """One profile attribute: a catalogue item (by code) or your own, from a source or several."""

    name: Name = Field(description="catalogue code, or your own")
    title: Title = None
    of: Literal["customer", "account"] = Field("customer", description="whose attribute it is")
    source: Name | None = None
    value: str | None = Field(None, description="SQL expression over the source's fields")
    from_: tuple[AttributeFrom, ...] = Field(
        (), alias="from", description="several sources, instead of `source` and `value`"
    )
    pick: Literal[
        "latest", "earliest", "most_frequent", "minimum", "maximum", "union", "trusted", "longest", "ordered"
    ] = Field(
        "latest",
        description="survivorship: which of several values wins; `ordered`: the first in `order`; ties fall to the smallest value",
    )
    class_: str | None = Field(None, alias="class")
    type: ValueType | None = None
    order: tuple[str, ...] = Field((), description="display order of the values of an ordered enum")
    values: dict[str, Title] | None = Field(
        None, description="values of an enum or list in display order, with their titles"
    )
    decline: float | None = Field(
        None,
        ge=0,
        description="share of values that go out of date in a year, for their confidence; default 0.1, 0 for what never changes",
    )

    @property
    def origins(self) -> tuple[AttributeFrom, ...]:
        """Where it comes from, in declared order: `from`, or the one `source` and `value`; none when neither is written."""
        if self.from_ or self.source is None or self.value is None:
            return self.from_
        return (AttributeFrom(source=self.source, value=self.value),)
