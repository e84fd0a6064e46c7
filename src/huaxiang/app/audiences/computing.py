"""Computes the audiences of a build, so that one whose query or whose values fail takes no other with it.

What can be said without data was checked before (`keeping.settle`). What shows only here, such as a query that is stopped or a number
beyond its type, makes the audience stale like any other fault of its own: its last good members are kept, the others are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from huaxiang.app.audiences.keeping import KIND, keep_failed
from huaxiang.app.sql_audiences import prepare_sql
from huaxiang.errors import Issue, Said, ValueRangeError
from huaxiang.plan.columns import read_through
from huaxiang.run import segmenting
from huaxiang.run.memberships import Kept, Upkeep, prepare_lists, with_kept
from huaxiang.spec.faults import definition

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.run.context import AsOf, Build
    from huaxiang.spec.loader import Project

_T = TypeVar("_T")


class Computed(NamedTuple):
    """The build with the project in which audiences that failed are lists, what became of them, and the clusterings' manifest entries."""

    build: Build
    upkeep: Upkeep
    clusterings: Mapping[str, dict[str, object]]


def compute_audiences(build: Build, upkeep: Upkeep, as_of: AsOf, redirects: pa.Table) -> Computed:
    """Leave table `everyone` (customers with their clusters) and `audiences` (customer_id and a boolean per audience).

    Raises ProjectInvalid when an audience fails that never had a good result.
    """
    prepare_lists(build, upkeep.kept, redirects)
    under_way = _UnderWay(build, upkeep, as_of, redirects)
    under_way.keep(prepare_sql(build, as_of))
    clusterings = under_way.finish(segmenting.assign_clusters, "tags", _named_by_clusterings)
    under_way.finish(segmenting.select_audiences, "everyone", lambda project: tuple(project.audiences))
    return Computed(under_way.build, under_way.upkeep, clusterings)


class _UnderWay:
    """A build whose audiences may turn out to fail; `build` and `upkeep` say what is known by now."""

    def __init__(self, build: Build, upkeep: Upkeep, as_of: AsOf, redirects: pa.Table) -> None:
        self.build = build
        self.upkeep = upkeep
        self._as_of = as_of
        self._redirects = redirects

    def finish(
        self, step: Callable[[Build, AsOf], _T], table: str, audiences: Callable[[Project], Sequence[str]]
    ) -> _T:
        """Run a step that computes `audiences` over `table`; as long as their values fail, keep those at fault and run it again."""
        while True:
            try:
                return step(self.build, self._as_of)
            except ValueRangeError:
                failing = _failing(self.build, audiences(self.build.project), self._as_of, table)
                if not failing:
                    raise
                project = self.build.project
                roots = [n for n in failing if not {(KIND, f) for f in failing} & read_through(project, (KIND, n))]
                self.keep({name: _beyond(project, name) for name in roots})

    def keep(self, faults: Mapping[str, Issue]) -> None:
        """Go on with the last good members of the audiences at fault. Raises ProjectInvalid as `keep_failed` does."""
        if not faults:
            return
        self.upkeep = keep_failed(self.build.project, self.upkeep, faults, self.build.last)
        kept: dict[str, Kept] = {name: self.upkeep.kept[name] for name in faults}
        self.build = replace(self.build, project=with_kept(self.build.project, kept))
        prepare_lists(self.build, kept, self._redirects)


def _named_by_clusterings(project: Project) -> tuple[str, ...]:
    found = {node for name in project.clusterings for node in read_through(project, ("clusterings", name))}
    return tuple(sorted(name for kind, name in found if kind == KIND))


def _failing(build: Build, names: Sequence[str], as_of: AsOf, table: str) -> list[str]:
    """Those of some audiences that can't be computed, found by halves: a faulty one among hundreds takes a handful of attempts."""
    if not names:
        return []
    try:
        segmenting.try_audiences(build, names, as_of, table)
    except ValueRangeError:
        if len(names) == 1:
            return list(names)
        half = len(names) // 2
        return _failing(build, names[:half], as_of, table) + _failing(build, names[half:], as_of, table)
    return []


def _beyond(project: Project, name: str) -> Issue:
    said = Said(
        "for some customers the result is beyond what its type can hold; use smaller factors, or leave such customers "
        "out with `case when … end`, rows with a condition of the behaviour",
        "有些客户的结果超出了类型的范围；请用较小的系数，或用 `case when … end` 排除这些客户，行则用行为的条件排除",
    )
    place = project.place(KIND, name, "when")
    return Issue(place, "AUD004", said, subject=(KIND, name), about=definition(KIND, name))
