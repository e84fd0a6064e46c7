"""Answers about the project: status, snapshots, builds, quality, attributes, tags, personas, accounts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, Issue, NextPage, Request, Shape, Snapshot, Text


class Health(Answer):
    """Whether the server runs, and has a snapshot to answer from."""

    status: Literal["ok"]
    ready: bool
    version: str


class Stage(Answer):
    """One stage of a build."""

    name: str
    state: str
    seconds: float | None
    rows: int | None


class RunError(Answer):
    """Why a build failed."""

    type: str
    message: str = Field(description="In English")
    zh: str | None = Field(None, description="In Chinese; null for a build of an older version")


class Run(Answer):
    """A build."""

    id: str
    state: str = Field(description="running, done, failed, cancelled, crashed or unreadable")
    started_at: str | None
    ended_at: str | None
    seconds: float | None
    as_of: str | None
    engine: str | None
    snapshot: str | None
    error: RunError | None
    stages: list[Stage]


class Within(Answer):
    """How far a stage has come: parts done, of how many, and which is at work."""

    done: int
    total: int | None
    note: str


class Progress(Answer):
    """How far a build has come."""

    stage: str | None
    done: int
    of: int
    within: Within | None = Field(description="How far that stage has come, where it tells")


class CancelledBy(Answer):
    """Who cancelled a build, and when."""

    by: str
    at: str


class Build(Run):
    """A build and how far it has come."""

    progress: Progress
    cancelled: CancelledBy | None


class Builds(NextPage):
    """The history of builds, newest first."""

    builds: list[Run]


class BuildAsked(Request):
    """What to build."""

    as_of: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$", description="As-of day; the project's by default")
    full: bool = Field(False, description="Forget the last cluster labels and tag versions, read everything anew")
    engine: Literal["duckdb", "spark"] = "duckdb"


class Check(Answer):
    """Faults of the project's definitions as they stand now."""

    valid: bool
    errors: int
    warnings: int
    issues: list[Issue]


class Light(Answer):
    """Quality in one word."""

    light: str | None
    findings: int


class Status(Answer):
    """What is served, and how fresh it is."""

    project: Shape | None
    snapshot: str | None
    as_of: str | None
    built_at: str | None
    age_days: int | None
    engine: str | None
    version: str | None
    customers: int | None
    sources: int | None
    attributes: int | None
    tags: int | None
    audiences: int | None
    clusterings: int | None
    building: bool
    last_run: Run | None
    changed_since: list[str]
    problem: Text | None
    quality: Light | None
    stale_audiences: list[str] | None


class SnapshotLine(Answer):
    """One published version."""

    id: str
    as_of: str
    built_at: str
    customers: int
    bytes: int
    current: bool
    problem: Text | None


class Snapshots(NextPage):
    """The published versions, newest first."""

    snapshots: list[SnapshotLine]


class Reason(Answer):
    """Why rows were not taken as they were."""

    code: str
    rows: int
    text: Text


class Quality(Dated):
    """What became of every row, how good the data are, and what to do about it (docs/quality.md)."""

    rows_in: int
    loaded: int
    set_aside: int
    left_out: int
    adds_up: bool
    light: str | None
    measures: dict[str, float]
    findings: list[Shape]
    sources: list[Shape]


class RejectedRow(Answer):
    """A row set aside; `raw` only for those who may see it and ask for it."""

    file: str | None
    row: int | None
    column: str | None
    code: str
    reason: Any
    raw: str | None = None


class Rejected(Snapshot, NextPage):
    """Rows set aside of a source."""

    source: str
    rows: list[RejectedRow]
    total: int


class Repair(Answer):
    """A value that cleaning changed."""

    file: str | None
    row: int | None
    column: str | None
    kind: str
    raw: str | None = None


class RepairKind(Answer):
    """How many values were repaired in one way."""

    kind: str
    rows: int
    text: Text


class Repairs(Snapshot, NextPage):
    """Values that cleaning changed in a source."""

    source: str
    rows: list[Repair]
    total: int
    kinds: list[RepairKind]


class Audit(Dated):
    """The served snapshot judged anew by the rules as they are now."""

    checked_on: str
    age_days: int
    light: str
    passed: bool
    broken: int
    findings: list[Shape]
    remeasured: list[str]
    stored: list[str]
    unbuilt: list[str]


class Filler(Answer):
    """A definition that fills an attribute."""

    kind: str
    name: str
    title: Text
    coverage: float | None
    rule: bool
    base: str


class AttributeLine(Answer):
    """An attribute of the standard catalogue or of the project."""

    code: str
    title: Text
    class_: str = Field(alias="class")
    value_type: str
    sensitivity: str
    off_by_default: bool
    had: list[str]
    lists: list[str]
    in_catalogue: bool
    filled: bool
    coverage: float | None
    filled_by: list[Filler]
    needs: Text | None


class Attributes(NextPage):
    """The catalogue of attributes."""

    snapshot: str | None
    attributes: list[AttributeLine]
    filled: int
    total: int


class TagLine(Answer):
    """A tag in a list."""

    name: str
    title: Text | str | None
    kind: str | None
    class_: str | None = Field(alias="class")
    owner: str | None
    value_type: str
    unit: str | None
    status: str | None
    coverage: float | None
    fresh_to: str | None


class Tags(Dated, NextPage):
    """The tags, in the order of their definition."""

    customers: int
    tags: list[TagLine]


class Tag(Dated, TagLine):
    """A tag in full."""

    customers: int
    description: Text | str | None
    attribute: str | None
    source: Any
    lineage: list[str] | None
    definition: str | None
    place: str | None
    missing: int | None
    distribution: Shape | None
    version: int | None
    definition_hash: str | None
    sql: str | None
    values: Shape | None


class PersonaLine(Answer):
    """A persona card in a list."""

    segment: str
    name: Text
    named_by: Any
    size: int
    share: float
    worth: Shape | None
    summary: Text
    edited: int = Field(description="Parts that are worded by hand")


class PersonaSet(Answer):
    """A set of cards; `note` says why it has none."""

    name: str
    title: Text | str | None
    kind: str | None
    base_size: int | None
    note: Text | None
    cards: list[PersonaLine]


class Personas(Dated):
    """All persona sets."""

    sets: list[PersonaSet]


class Persona(Dated):
    """A card with every statement and its figures (docs/personas.md); further members are the card's."""

    set: str
    segment: str
    name: Text
    base_size: int
    size: int
    share: float
    condition: str | None = Field(None, description="What the customers of the card meet, for an audience of them")
    sections: list[Shape]


class Accounts(Snapshot, NextPage):
    """Business customers by ID, each with the attributes of accounts that the project has."""

    total: int
    accounts: list[Shape]


class AccountAttribute(Answer):
    """A value of an account, and where it comes from."""

    name: str
    title: Text | str | None
    class_: str | None = Field(alias="class")
    value_type: str
    value: Any
    value_title: Text | str | None
    value_titles: list[Any] | None
    provenance: Shape | None


class Account(Dated):
    """One business customer with its people."""

    account_id: str
    attributes: list[AccountAttribute]
    contacts: int
    decision_roles: list[str]
    people: list[Shape]
