"""The expected quality of sources: its fields, conditions, bounds and truths."""

from __future__ import annotations

import re
from collections.abc import Iterator

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import ID, field_types, time_field
from huaxiang.spec.quality import Bound, Limit, QualityRules, TruthSpec
from huaxiang.spec.sources import SourceSpec

_AGE = re.compile(r"\s*\d+(\.\d+)?\s*[hdw]\s*")
_Path = tuple[str | int, ...]


def check(found: Findings) -> None:
    """Check the quality rules of every source."""
    for source in found.project.sources.values():
        if source.quality is not None:
            _Check(found, source, source.quality).run()


class _Check:
    """The checks of one source."""

    def __init__(self, found: Findings, source: SourceSpec, rules: QualityRules) -> None:
        self.found, self.source, self.rules = found, source, rules
        self.at = ("sources", source.name)
        types = field_types(found.project, source)
        looked_up = {new for lookup in source.lookups for new in lookup.take}
        self.types = {f: t for f, t in types.items() if f != ID and f not in looked_up}

    def run(self) -> None:
        """Look at everything that is written."""
        for path, field in self._fields():
            if field not in self.types:
                self._add(
                    path,
                    "QLT001",
                    Said(
                        f'{path[0]}: unknown field "{field}"{did_you_mean(field, self.types)}',
                        f"{path[0]}：没有名为“{field}”的字段{did_you_mean_zh(field, self.types)}",
                    ),
                )
        for path, limit in self._shares():
            self._check_share(path, limit)
        self._check_age()
        names = [rule.name for rule in self.rules.rules]
        for i, rule in enumerate(self.rules.rules):
            self.found.expression(
                self.at, ("quality", "rules", i, "condition"), rule.condition, self.types, boolean=True
            )
            if names.index(rule.name) != i:
                self._add(
                    ("rules", i, "name"),
                    "QLT004",
                    Said(
                        f'rules: "{rule.name}" stands twice; name each rule once',
                        f"rules：“{rule.name}”出现了两次；规则不能重名",
                    ),
                )
        if self.rules.truth is not None:
            self._check_truth(self.rules.truth)

    def _add(self, path: _Path, code: str, message: Said) -> None:
        self.found.add(self.at, ("quality", *path), code, message)

    def _fields(self) -> Iterator[tuple[_Path, str]]:
        rules = self.rules
        for key in ("complete", "valid_values", "agree"):
            for field in getattr(rules, key):
                yield (key, field), field
        for number, field in enumerate(rules.unique):
            yield ("unique", field if isinstance(rules.unique, dict) else number), field
        if isinstance(rules.max_drift, dict):
            for field in rules.max_drift:
                yield ("max_drift", field), field

    def _shares(self) -> Iterator[tuple[_Path, Limit]]:
        rules = self.rules
        for key in ("complete", "valid_values", "agree", "unique"):
            written = getattr(rules, key)
            for field, limit in written.items() if isinstance(written, dict) else ():
                yield (key, field), limit
        for key, one in (("valid", rules.valid), ("max_duplicates", rules.max_duplicates)):
            if one is not None:
                yield (key,), one
        for i, rule in enumerate(rules.rules):
            yield ("rules", i, "share"), rule.share
        if rules.truth is not None:
            yield ("truth", "share"), rules.truth.share

    def _check_share(self, path: _Path, limit: Limit) -> None:
        bounds = (limit.warn, limit.stop) if isinstance(limit, Bound) else (limit,)
        for bound in bounds:
            if bound is not None and not 0 <= bound <= 1:
                key = ".".join(str(p + 1) if isinstance(p, int) else p for p in path)
                self._add(
                    path,
                    "QLT002",
                    Said(
                        f"{key}: {bound:g} is no share; write one from 0 to 1, e.g. 0.95",
                        f"{key}：{bound:g} 不是占比；请写 0 到 1 的数，例如 0.95",
                    ),
                )

    def _check_age(self) -> None:
        within = self.rules.fresh_within
        if within is None:
            return
        for text in (within,) if isinstance(within, str) else (within.warn, within.stop):
            if text is not None and not _AGE.fullmatch(text):
                self._add(
                    ("fresh_within",),
                    "QLT003",
                    Said(
                        f'fresh_within is "{text}"; write a number with h, d or w, e.g. 36h or 2d',
                        f"fresh_within 是“{text}”；请写数字加 h、d 或 w，例如 36h 或 2d",
                    ),
                )
        if time_field(self.source) is None:
            self._add(
                ("fresh_within",),
                "QLT003",
                Said(
                    "fresh_within needs a field that dates the rows, and none is mapped",
                    "fresh_within 需要给各行标注日期的字段，而没有映射",
                ),
            )

    def _check_truth(self, truth: TruthSpec) -> None:
        sources = self.found.project.sources
        other = sources.get(truth.source)
        if other is None or other.name == self.source.name:
            known = [name for name in sources if name != self.source.name]
            self._add(
                ("truth", "source"),
                "QLT005",
                Said(
                    f'truth: unknown source "{truth.source}"{did_you_mean(truth.source, known)}',
                    f"truth：没有名为“{truth.source}”的数据源{did_you_mean_zh(truth.source, known)}",
                ),
            )
            return
        theirs = field_types(self.found.project, other)
        key = truth.key or truth.on
        wanted = [("on", truth.on, self.types), ("key" if truth.key else "on", key, theirs)]
        wanted += [("fields", field, types) for field in truth.fields for types in (self.types, theirs)]
        for path, field, types in wanted:
            if field not in types:
                where = self.source.name if types is self.types else other.name
                message = Said(
                    f'truth: source "{where}" has no field "{field}"{did_you_mean(field, types)}',
                    f"truth：数据源“{where}”没有字段“{field}”{did_you_mean_zh(field, types)}",
                )
                self._add(("truth", path), "QLT005", message)
