"""What the parts of one build share, and the small loop that runs planned steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlglot import exp

from huaxiang.engines.base import Engine
from huaxiang.errors import UsageError
from huaxiang.plan.expr import bind_as_of
from huaxiang.plan.nodes import Step
from huaxiang.spec.loader import Project
from huaxiang.store.snapshots import Draft, Snapshot

Progress = Callable[[str, int, int | None, str], None]


@dataclass(frozen=True)
class Build:
    """One build: project, engine, the draft it writes and who is told of progress. `previous` is the last manifest (or empty).
    `full`: nothing that an earlier build collected is taken over.
    """

    project: Project
    engine: Engine
    draft: Draft
    progress: Progress
    previous: Mapping[str, Any] = field(default_factory=dict)
    last: Snapshot | None = None
    full: bool = False

    def run(self, stage: str, steps: Iterable[Step], *, done: int = 0) -> None:
        """Run steps in order, telling of each."""
        planned = tuple(steps)
        for number, step in enumerate(planned, 1):
            self.progress(stage, done + number - 1, done + len(planned), step.output)
            self.engine.run(step)
        self.progress(stage, done + len(planned), done + len(planned), "")


@dataclass(frozen=True)
class AsOf:
    """The day a build speaks of. `end` is the first moment that no longer counts."""

    day: date

    def __post_init__(self) -> None:
        if not date(1900, 1, 1) <= self.day <= date(2199, 12, 31):
            day = self.day.isoformat()
            raise UsageError(
                f"the as-of day {day} lies outside 1900-01-01 … 2199-12-31; correct `--as-of`, or `as_of` in huaxiang.yaml",
                f"统计日 {day} 不在 1900-01-01 到 2199-12-31 之间；请修正 `--as-of`，或 huaxiang.yaml 中的 `as_of`",
            )

    def bind(self, tree: exp.Expression) -> exp.Expression:
        """The tree with `as_of()` replaced by the day."""
        return bind_as_of(tree, self.day)

    @property
    def moment(self) -> datetime:
        """Midnight at the start of the day."""
        return datetime.combine(self.day, time.min)

    @property
    def end(self) -> datetime:
        """Midnight after the day."""
        return self.moment + timedelta(days=1)
