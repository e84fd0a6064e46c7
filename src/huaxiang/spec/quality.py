"""Data quality as written on a source: what is expected of it, what is reported when it isn't met, and what stops the build."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from huaxiang.spec.base import Name, Spec, Title

Level = Literal["warn", "stop"]


class Bound(Spec):
    """Two bounds of one measure: past `warn` it is reported, past `stop` the build ends and the last snapshot stays."""

    warn: float | None = None
    stop: float | None = None


class AgeBound(Spec):
    """Two ages, e.g. `{warn: 2d, stop: 7d}`; units: h hours, d days, w weeks."""

    warn: str | None = None
    stop: str | None = None


Limit = float | Bound
"""A plain number is a bound of the block's `level`."""


class ConditionRule(Spec):
    """A condition that the rows of a source should meet: `{name: paid, condition: amount >= 0, share: 0.999}`."""

    name: Name
    title: Title = None
    condition: str = Field(description="SQL condition over the fields; rows where it is unknown (NULL) are not counted")
    share: Limit = Field(1.0, description="share of the rows that must meet it")
    level: Level | None = Field(None, description="default: the block's")


class TruthSpec(Spec):
    """Another source whose values are true: accuracy is the share of known values that equal its."""

    source: Name
    on: Name = Field(description="field of this source that finds the row of the other")
    key: Name | None = Field(None, description="field of the other source; default the same name")
    fields: tuple[Name, ...] = Field((), description="fields that are compared; default: all that both sources have")
    share: Limit = 0.95


class QualityRules(Spec):
    """What is expected of a source. Shares run from 0 to 1; every bound is a number, or `{warn: …, stop: …}`."""

    level: Level = Field("warn", description="what a bound that is a plain number does: report, or stop the build")
    fresh_within: str | AgeBound | None = Field(
        None, description="age of the newest dated row against the as-of day: 36h, 2d, 1w"
    )
    min_rows: Limit | None = Field(None, description="rows loaded at least")
    max_change: Limit | None = Field(
        None, description="how far the number of rows may differ from the last build's: 0.3 is 30 %"
    )
    valid: Limit | None = Field(None, description="share of the rows read that are not set aside, at least")
    valid_values: dict[Name, Limit] = Field(
        default_factory=dict, description="field → share of its values that can be read, at least"
    )
    complete: dict[Name, Limit] = Field(
        default_factory=dict, description="field → share of the rows that have a value, at least"
    )
    unique: tuple[Name, ...] | dict[Name, Limit] = Field(
        (), description="fields whose known values should differ from row to row, with the share that must (default 1)"
    )
    max_duplicates: Limit | None = Field(
        None, description="share of the rows that may repeat an earlier one in all fields"
    )
    max_drift: Limit | dict[Name, Limit] | None = Field(
        None, description="population stability index against the last builds, for all fields or by field"
    )
    schema_change: Level | None = Field(
        None, description="columns of the file that vanish or change their type: report, or stop"
    )
    agree: dict[Name, Limit] = Field(
        default_factory=dict, description="field → share of the shared customers of whom other sources say the same"
    )
    truth: TruthSpec | None = None
    rules: tuple[ConditionRule, ...] = ()
