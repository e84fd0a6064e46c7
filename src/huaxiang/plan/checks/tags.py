"""Tags that are computed from attributes and other tags, and what all tags share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from huaxiang.errors import ExpressionError, Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks import values
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import ID, named_in, output_names, profile_names
from huaxiang.plan.predicate import parse_condition
from huaxiang.plan.types import is_numeric, words, words_zh
from huaxiang.spec.models import (
    BandsTag,
    ExpressionTag,
    FactTag,
    LayeredTag,
    LifecycleTag,
    RfmTag,
    RuleTag,
    StatisticTag,
    Tag,
)

AGE_BANDS = 8
At = tuple[str, str]


def check(found: Findings, codes: frozenset[str]) -> None:
    """Check every tag but the expressions of statistics."""
    _check_names(found)
    for name, tag in found.project.tags.items():
        at = ("tags", name)
        known = codes | set(found.project.attributes)
        if tag.attribute is not None and codes and tag.attribute not in known:
            message = Said(
                f'unknown catalogue attribute "{tag.attribute}"{did_you_mean(tag.attribute, known)}',
                f"属性目录中没有“{tag.attribute}”{did_you_mean_zh(tag.attribute, known)}",
            )
            found.add(at, ("attribute",), "TAG010", message)
        match tag:
            case FactTag():
                _check_fact(found, tag, at)
            case RuleTag():
                condition(found, at, ("when",), tag.when)
            case ExpressionTag():
                _expression(found, at, ("value",), tag.value)
            case LayeredTag():
                _check_layers(found, tag, at)
            case BandsTag():
                _check_bands(found, tag, at)
            case RfmTag():
                _check_rfm(found, tag, at)
            case LifecycleTag():
                _check_lifecycle(found, tag, at)


def _check_names(found: Findings) -> None:
    """Every column of the customer table has one owner; a fact tag may be named as its attribute."""
    project = found.project
    owners = {ID: Said("the build", "构建本身")}
    owners |= {name: Said(f'attribute "{name}"', f"属性“{name}”") for name in profile_names(project)}
    for tag in sorted(project.tags.values(), key=lambda tag: tag.status != "online"):
        for column in output_names(tag):
            taken = owners.get(column)
            if taken is not None and not (isinstance(tag, FactTag) and tag.from_ == column):
                what = Said("its name", "名称")
                if column != tag.name:
                    what = Said(f'its column "{column}"', f"它的列“{column}”")
                found.add(("tags", tag.name), ("name",), "TAG009", _taken(what, taken))
            owners[column] = Said(f'tag "{tag.name}"', f"标签“{tag.name}”")
    for name in project.clusterings:
        if name in owners:
            found.add(("clusterings", name), ("name",), "TAG009", _taken(Said("its name", "名称"), owners[name]))


def _taken(what: Said, owner: Said) -> Said:
    return Said(f"{what.en} is already used by {owner.en}; rename one", f"{what.zh}已被{owner.zh}使用；请改名")


def _tag_columns(found: Findings) -> dict[str, str]:
    """What a tag may read: attributes and tags. Clusters are made later."""
    return {n: t for n, t in found.types.items() if n not in found.project.clusterings}


def _reads_clusters(found: Findings, at: At, path: tuple[str | int, ...], columns: frozenset[str]) -> bool:
    own = {c for t in found.project.tags.values() for c in output_names(t)} | set(profile_names(found.project))
    clusters = sorted(c for c in columns if c in found.project.clusterings and c not in own)
    for name in clusters:
        message = Said(
            f'reads clustering "{name}", but clusters are made after the tags; define an audience instead',
            f"引用了聚类“{name}”，而聚类在标签之后才计算；请改为定义人群",
        )
        found.add(at, path, "REF004", message)
    return bool(clusters)


def condition(
    found: Findings, at: At, path: tuple[str | int, ...], when: str | dict[str, object], *, parts: bool = False
) -> None:
    """Check a condition of a tag: its columns, audiences and values. With `parts` it is computed after all tags, and may speak of
    behaviour, lists, samples and ranks.
    """
    columns, audiences = named_in(when)
    if _reads_clusters(found, at, path, columns):
        return
    checked = found.condition(at, path, when, _tag_columns(found), parts=parts)
    if checked is None:
        return
    for name in sorted(audiences):
        audience = found.project.audiences.get(name)
        if audience is None:
            message = Said(
                f'unknown audience "{name}"{did_you_mean(name, found.project.audiences)}',
                f"没有名为“{name}”的人群{did_you_mean_zh(name, found.project.audiences)}",
            )
            found.add(at, path, "REF002", message)
        elif any(kind == "clusterings" for kind, _ in _all_inputs(found, ("audiences", name))):
            message = Said(
                f'reads audience "{name}", which reads a clustering; clusters are made after the tags',
                f"引用的人群“{name}”用到了聚类，而聚类在标签之后才计算",
            )
            found.add(at, path, "REF004", message)
        elif not parts and any(
            _has_parts(found, node) for node in (("audiences", name), *_all_inputs(found, ("audiences", name)))
        ):
            message = Said(
                f'reads audience "{name}", which speaks of behaviour, lists, samples or ranks; it is computed after the tags',
                f"引用的人群“{name}”用到了行为、名单、抽样或排名，在标签之后才计算",
            )
            found.add(at, path, "CON011", message)
    values.check(found, at, path, checked.tree)


def _has_parts(found: Findings, node: At) -> bool:
    """True for an audience that speaks of more than the columns of customers; one with faults has none."""
    if node[0] != "audiences":
        return False
    if found.project.audiences[node[1]].kind != "dynamic":
        return True
    try:
        return bool(parse_condition(found.project.audiences[node[1]].condition, found.types, found.sources).parts)
    except ExpressionError:
        return False


def _all_inputs(found: Findings, node: At) -> set[At]:
    seen: set[At] = set()
    stack = [node]
    while stack:
        for below in found.graph.get(stack.pop(), ()):
            if below not in seen:
                seen.add(below)
                stack.append(below)
    return seen


def _expression(found: Findings, at: At, path: tuple[str | int, ...], text: str) -> str | None:
    """Check an expression over tags and attributes and return its type."""
    if _reads_clusters(found, at, path, named_in(text)[0]):
        return None
    checked = found.expression(at, path, text, _tag_columns(found))
    return checked.type if checked is not None else None


def _check_fact(found: Findings, tag: FactTag, at: At) -> None:
    attributes = profile_names(found.project)
    if tag.from_ not in attributes:
        found.add(
            at,
            ("from",),
            "TAG016",
            Said(
                f'unknown attribute "{tag.from_}"{did_you_mean(tag.from_, attributes)}',
                f"没有名为“{tag.from_}”的属性{did_you_mean_zh(tag.from_, attributes)}",
            ),
        )


def _check_layers(found: Findings, tag: LayeredTag, at: At) -> None:
    if not tag.layers:
        found.add(at, ("layers",), "TAG015", Said("a layered tag needs at least one layer", "分层标签至少需要一层"))
    seen: set[str] = set()
    for i, layer in enumerate(tag.layers):
        if layer.value in seen:
            found.add(
                at,
                ("layers", i, "value"),
                "TAG015",
                Said(
                    f'the value "{layer.value}" has two layers; join them with or',
                    f"取值“{layer.value}”出现在两层；请用 or 合并",
                ),
            )
        seen.add(layer.value)
        condition(found, at, ("layers", i, "when"), layer.when)
    _check_listed(found, tag, at, (*seen, *([tag.otherwise] if tag.otherwise is not None else ())))


def _check_listed(found: Findings, tag: Tag, at: At, known: Sequence[str]) -> None:
    for value in tag.values or {}:
        if value not in known:
            message = Said(
                f'"values" names "{value}", which the tag never has{did_you_mean(value, known)}',
                f"“values”中的“{value}”不会出现在该标签中{did_you_mean_zh(value, known)}",
            )
            found.add(at, ("values", value), "TAG023", message, warning=True)


def _check_bands(found: Findings, tag: BandsTag, at: At) -> None:
    kind = _expression(found, at, ("of",), tag.of)
    if kind is not None and not is_numeric(kind):
        found.add(
            at,
            ("of",),
            "TAG013",
            Said(f'bands cut a number, but "of" is {words(kind)}', f"分档针对数值，而“of”是{words_zh(kind)}"),
        )
    if tag.bounds == "age":
        needed = AGE_BANDS
    else:
        _check_ascending(found, at, ("bounds",), tag.bounds, "TAG011")
        needed = len(tag.bounds) + 1
        if not tag.bounds:
            found.add(at, ("bounds",), "TAG011", Said("bounds needs at least one number", "bounds 至少需要一个数值"))
    if tag.labels is not None and len(tag.labels) != needed:
        message = Said(
            f"{len(tag.labels)} labels for {needed} bands; the first label stands for what is below the first bound",
            f"{needed} 档却有 {len(tag.labels)} 个 labels；第一个对应低于首个边界的部分",
        )
        found.add(at, ("labels",), "TAG012", message)
    if tag.labels is not None and len(set(tag.labels)) != len(tag.labels):
        found.add(
            at,
            ("labels",),
            "TAG012",
            Said("two bands have the same label; give each its own", "两档的 label 相同；请分别命名"),
        )
    if tag.labels is not None:
        _check_listed(found, tag, at, (*tag.labels, *([tag.otherwise] if tag.otherwise is not None else ())))


def _check_ascending(found: Findings, at: At, path: tuple[str | int, ...], numbers: Sequence[float], code: str) -> None:
    for i, (before, after) in enumerate(pairwise(numbers)):
        if not after > before:
            key = path[-1]
            found.add(
                at,
                (*path, i + 1),
                code,
                Said(
                    f"{key} must ascend, but {after:g} follows {before:g}",
                    f"{'分界值' if key == 'bounds' else key}必须递增，而 {before:g} 之后是 {after:g}",
                ),
            )


def number_input(found: Findings, at: At, path: tuple[str | int, ...], name: str, code: str) -> None:
    """Report an input by name that is unknown or no number."""
    if name in found.offline:
        found.add(at, path, "REF003", found.not_online(name))
    elif name in found.project.clusterings and name not in found.project.tags:
        found.add(
            at,
            path,
            code,
            Said(f'{path[0]}: "{name}" is a clustering, not a number', f"{path[0]}：“{name}”是聚类，不是数值"),
        )
    elif name not in found.types:
        defined = {c for t in found.project.tags.values() for c in output_names(t)} | set(profile_names(found.project))
        if name not in defined:
            numbers = [n for n, t in found.types.items() if is_numeric(t)]
            found.add(
                at,
                path,
                code,
                Said(
                    f'{path[0]}: unknown tag "{name}"{did_you_mean(name, numbers)}',
                    f"{path[0]}：没有名为“{name}”的标签{did_you_mean_zh(name, numbers)}",
                ),
            )
    elif not is_numeric(found.types[name]):
        found.add(
            at,
            path,
            code,
            Said(
                f'{path[0]}: "{name}" must be a number, but is {words(found.types[name])}',
                f"{path[0]}：“{name}”必须是数值，而它是{words_zh(found.types[name])}",
            ),
        )


def _check_rfm(found: Findings, tag: RfmTag, at: At) -> None:
    for key in ("recency", "frequency", "monetary"):
        number_input(found, at, (key,), getattr(tag, key), "TAG017")
    _check_ascending(found, at, ("bands",), sorted(tag.bands.values()), "TAG018")
    if list(tag.bands.values()) != sorted(tag.bands.values()):
        found.add(
            at,
            ("bands",),
            "TAG018",
            Said(
                "bands must ascend in days; write the most recent band first",
                "bands 的天数必须递增；请把最近的一档写在最前",
            ),
        )
    if tag.beyond in tag.bands:
        found.add(
            at,
            ("beyond",),
            "TAG018",
            Said(
                f'"{tag.beyond}" is also a band; give the days beyond the last band their own name',
                f"“{tag.beyond}”也是其中一档；请给最后一档之后另取名称",
            ),
        )
    for key in ("recency", "frequency", "monetary"):
        bounds: tuple[float, ...] = getattr(tag.scores, key)
        path = ("scores", key)
        if tag.scores.method == "quantile" and bounds:
            found.add(
                at,
                path,
                "TAG018",
                Said(
                    f'scores: "{key}" is only read with method: bounds', f"scores：只有 method: bounds 才会用到“{key}”"
                ),
            )
        if tag.scores.method == "bounds" and len(bounds) != tag.scores.levels - 1:
            message = Said(
                f"scores: {tag.scores.levels} levels need {tag.scores.levels - 1} bounds for {key}, not {len(bounds)}",
                f"scores：{tag.scores.levels} 级需要 {tag.scores.levels - 1} 个 {key} 边界，而不是 {len(bounds)} 个",
            )
            found.add(at, path, "TAG018", message)
        _check_ascending(found, at, path, bounds, "TAG018")


def _check_lifecycle(found: Findings, tag: LifecycleTag, at: At) -> None:
    number_input(found, at, ("orders",), tag.orders, "TAG017")
    number_input(found, at, ("recency",), tag.recency, "TAG017")
    if not 0 < tag.sleeping_after < tag.churned_after:
        message = Said(
            f"sleeping_after {tag.sleeping_after} must be positive and below churned_after {tag.churned_after}",
            f"sleeping_after {tag.sleeping_after} 必须大于 0 且小于 churned_after {tag.churned_after}",
        )
        found.add(at, ("sleeping_after",), "TAG019", message)


__all__ = ["StatisticTag", "check", "condition", "number_input"]
