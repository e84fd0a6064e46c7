"""Questions and answers about sources, uploaded files, runs and the schedule."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Request


class Cancelled(Answer):
    """A build that is being stopped."""

    id: str
    cancelling: bool


class Due(Answer):
    """What became of a time at which a build was due."""

    due: str
    state: Literal["taken", "started", "busy", "failed", "missed"]
    run: str | None
    noted_at: str


class Schedule(Answer):
    """When builds are due."""

    at: str = Field(description="HH:MM in `timezone`")
    weekdays: str = Field(description="Digits 1 (Monday) to 7")
    enabled: bool
    timezone: str
    next: str | None
    missed: int
    changed_at: str | None
    changed_by: str | None
    version: int
    runs: list[Due]


class ScheduleAsked(Request):
    """When builds shall be due. `expected`: the version that was read."""

    at: str = Field(pattern=r"^\d\d:\d\d$")
    weekdays: str = Field("1234567", pattern=r"^[1-7]{1,7}$")
    enabled: bool
    expected: int = Field(ge=0)
