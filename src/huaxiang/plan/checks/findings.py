"""The notebook of the checks: faults with their places, and expressions tried in their context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from huaxiang.errors import ExpressionError, Issue, Place, Said
from huaxiang.plan.columns import customer_types, dependencies, output_names, profile_names, sources_of_customers
from huaxiang.plan.expr import CheckedExpression, check_expression
from huaxiang.plan.predicate import Condition, parse_condition
from huaxiang.spec.faults import definition
from huaxiang.spec.loader import Project

When = str | Mapping[str, object]


class Findings:
    """Collects issues about one project; shared look-ups are computed once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.types = customer_types(project)
        self.sources = sources_of_customers(project)
        self.graph = dependencies(project)
        self.offline = {c: t.name for t in project.tags.values() if t.status != "online" for c in output_names(t)}
        """Column → tag that is not computed: offline, or a draft."""
        self._found: dict[Issue, None] = {}

    def add(
        self, at: tuple[str, str], path: tuple[str | int, ...], code: str, message: Said, *, warning: bool = False
    ) -> None:
        """Note a fault of the definition `at` = (kind, name); `path` leads to the key that has it.

        What is not computed can't spoil a build: faults of drafts and of tags that are offline are warnings.
        """
        self._add_at(self.project.place(*at, *path), at, code, message, warning=warning)

    def _add_at(self, place: Place, at: tuple[str, str], code: str, message: Said, *, warning: bool = False) -> None:
        kind, name = at
        warning = warning or (
            kind == "tags" and name in self.project.tags and self.project.tags[name].status != "online"
        )
        severity: Literal["error", "warning"] = "warning" if warning else "error"
        self._found[Issue(place, code, message, severity, at, definition(kind, name))] = None

    def issues(self) -> tuple[Issue, ...]:
        """All faults, sorted by place."""
        return tuple(sorted(self._found))

    def expression(
        self,
        at: tuple[str, str],
        path: tuple[str | int, ...],
        text: str,
        columns: Mapping[str, str],
        *,
        boolean: bool = False,
    ) -> CheckedExpression | None:
        """Try an expression; note why it is refused."""
        try:
            return check_expression(text, columns, boolean=boolean)
        except ExpressionError as error:
            self._refused(at, path, error, columns)
            return None

    def condition(
        self,
        at: tuple[str, str],
        path: tuple[str | int, ...],
        when: When,
        columns: Mapping[str, str],
        *,
        parts: bool = False,
    ) -> Condition | None:
        """Try a condition over customers; note why it is refused. `parts`: it may speak of behaviour, lists, samples and ranks."""
        try:
            return parse_condition(when, columns, self.sources if parts else None)
        except ExpressionError as error:
            self._refused(at, (*path, *getattr(error, "path", ())), error, columns)
            return None

    def _refused(
        self, at: tuple[str, str], path: tuple[str | int, ...], error: ExpressionError, columns: Mapping[str, str]
    ) -> None:
        name = self._unknown(error)
        if name in self.offline and name not in columns:
            self.add(at, path, "REF003", self.not_online(name))
        elif name is None or not self._is_broken(name):
            key = ".".join(str(p + 1) if isinstance(p, int) else p for p in path)
            place = self.project.place(*at, *path)
            if error.span is not None and error.text is not None:
                place = self.project.place_within(at, path, error.text, error.span[0])
            self._add_at(place, at, error.code, Said(f"{key}: {error.message}", f"{key}：{error.zh}"))

    def not_online(self, column: str) -> Said:
        """Why a column can't be read: its tag is offline, or a draft."""
        name = self.offline[column]
        if self.project.tags[name].status == "draft":
            english = f'reads tag "{name}", which is a draft; it has to be approved first (status: online)'
            return Said(english, f"引用的标签“{name}”还是草稿；需要先批准上线（status: online）")
        return Said(
            f'reads tag "{name}", which is offline; set its status to online',
            f"引用的标签“{name}”已下线；请先将其 status 改为 online",
        )

    @staticmethod
    def _unknown(error: ExpressionError) -> str | None:
        return error.message.split('"')[1] if error.code == "EXP002" and '"' in error.message else None

    def _is_broken(self, name: str) -> bool:
        """True for a column that is defined but has a fault of its own, which is reported there."""
        defined = set(profile_names(self.project)) | {c for t in self.project.tags.values() for c in output_names(t)}
        return name in defined and name not in self.types
