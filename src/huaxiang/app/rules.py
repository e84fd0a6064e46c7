"""Questions of a tagged base 关联规则: which values of tags go together among the customers of an audience, against everyone.

What is computed and how it is tested: docs/rules.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from huaxiang.app.audiences.staleness import stale_in
from huaxiang.app.members import customer_bits
from huaxiang.app.rule_text import Item, sentence
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.index import AudienceIndex, Bits
    from huaxiang.learn.rules import Itemsets, Rules
    from huaxiang.learn.rules.tagged import Items, Tagged, Worth
    from huaxiang.store.snapshots import Snapshot

RULES_KEYS = (
    "snapshot", "as_of", "audience", "customers", "base", "tags", "asked", "itemsets", "tested", "found", "left_out", "rules", "stale",
)  # fmt: skip
RULE_KEYS = (
    "antecedent", "consequent", "text", "count", "known", "share", "support", "confidence", "expected", "lift", "leverage", "conviction",
    "zhang", "improvement", "p", "p_corrected", "significant", "related", "base",
)  # fmt: skip
ALPHA = 0.05
SMALLEST = 5
"""A rule needs at least so many customers, whatever the support asked for."""
MOST_ITEMSETS = 200_000
MOST_TAGS = 60
_KINDS = ("boolean", "enum", "list")


@dataclass(frozen=True)
class RuleQuestion:
    """What to look for. `tags`: () takes all tags that have values (boolean, category, list). `max_length` counts the items of a whole
    rule; its right side is always one item. `everything`: also rules within chance, rules that add nothing to a simpler one, and rules
    between tags that are computed from the same data.
    """

    tags: tuple[str, ...] = ()
    min_support: float = 0.01
    min_confidence: float = 0.2
    min_lift: float = 1.1
    max_length: int | None = 3
    limit: int = 20
    everything: bool = False

    def asked(self) -> dict[str, Any]:
        """The parameters as the answer repeats them."""
        names = ("min_support", "min_confidence", "min_lift", "max_length", "limit", "everything")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class _Asked:
    """The tags asked for, and the items of the customers: of the audience (`made.mine`) and of everyone (`made.base`)."""

    infos: Sequence[Mapping[str, Any]]
    items: Sequence[Item]
    made: Items


def find_rules(snapshot: Snapshot, expression: str | None, question: RuleQuestion) -> dict[str, Any]:
    """Return RULES_KEYS: the rules (RULE_KEYS) among the tags of the customers who meet the condition (None: of everyone).

    The strongest lift first. Raises UsageError for tags that have no items, parameters out of range, an audience that is too small or
    a support that would find too much.
    """
    from huaxiang.learn.rules import Thresholds, association_rules

    _check(question)
    infos = _infos(snapshot.manifest, question.tags)
    members = customer_bits(snapshot, expression)
    asked = _read(snapshot, infos, members, question)
    itemsets = _mine(asked.made.mine, question)
    rules = association_rules(itemsets, Thresholds(max_consequent=1))
    related = _between_related(rules, asked)
    left_out = {"related": 0, "no_gain": 0, "not_significant": 0}
    if not question.everything:
        left_out["related"] = int(related.sum())
        rules, related = rules.take(~related), related[~related]
    kept, worth, related = _judge(rules, related, asked, question, left_out)
    base = asked.made.base if expression is not None and len(members) < members.size else None
    chosen = _order(kept)[: question.limit]
    told = zip(_described(kept.take(chosen), asked, base), chosen.tolist(), strict=True)
    stories = [story | _judged(worth, number, related=bool(related[number])) for story, number in told]
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "audience": expression, "customers": len(members),
        "base": members.size, "tags": [{"name": i["name"], "title": i["title"]} for i in infos], "asked": question.asked(),
        "itemsets": len(itemsets), "tested": len(rules), "found": len(kept), "left_out": left_out,
        "rules": [{key: story[key] for key in RULE_KEYS} for story in stories],
        "stale": stale_in(snapshot, expression),
    }  # fmt: skip


def _check(question: RuleQuestion) -> None:
    for name, low, high in (("min_support", 0.0, 1.0), ("min_confidence", 0.0, 1.0), ("min_lift", 0.0, None)):
        value = getattr(question, name)
        if not (value >= low and (high is None or value <= high)) or (name == "min_support" and value == 0):
            upper = f" and at most {high:g}" if high is not None else ""
            zh = f"，不大于 {high:g}" if high is not None else ""
            raise UsageError(
                f"{name} must be {low:g} or more{upper} (support: above 0)",
                f"{name} 应不小于 {low:g}{zh}（支持度须大于 0）",
            )
    if (question.max_length is not None and question.max_length < 2) or question.limit < 1:
        raise UsageError("max_length must be at least 2, limit at least 1", "max_length 至少为 2，limit 至少为 1")


def _infos(manifest: Mapping[str, Any], names: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The tags asked for, by default all tags that have items. Raises UsageError."""
    clusterings = [item | {"value_type": "enum"} for item in manifest.get("clusterings", ())]
    tags = list(manifest.get("tags", ()))
    known = {item["name"]: item for item in (*manifest.get("attributes", ()), *tags, *clusterings)}
    wanted = list(dict.fromkeys(names)) or [item["name"] for item in tags if item["value_type"] in _KINDS][:MOST_TAGS]
    for name in wanted:
        if name not in known:
            raise UsageError.unknown("tag", name, (n for n, item in known.items() if item["value_type"] in _KINDS))
        _check_kind(known[name])
    if len(wanted) > MOST_TAGS or not wanted:
        raise UsageError(
            f"name 1 to {MOST_TAGS} tags, not {len(wanted)}", f"请指定 1 到 {MOST_TAGS} 个标签，当前为 {len(wanted)} 个"
        )
    return [known[name] for name in wanted]


def _check_kind(item: Mapping[str, Any]) -> None:
    name = item["name"]
    if item.get("personal"):
        raise UsageError(
            f'"{name}" identifies or reaches people: rules over it would only name them; choose other tags',
            f"“{name}”是可识别或联系到个人的信息，不能用来找规律；请换其他标签",
        )
    if item["value_type"] not in _KINDS:
        raise UsageError(
            f'"{name}" is of type {item["value_type"]}: rules need categories, yes/no or lists; use a tag with bands or labels instead',
            f"“{name}”是 {item['value_type']} 类型，关联规则需要类别、是非或列表类标签；请改用分段或分类标签",
        )


def _read(snapshot: Snapshot, infos: Sequence[Mapping[str, Any]], members: Bits, question: RuleQuestion) -> _Asked:
    import numpy as np

    from huaxiang.app.audience_index import open_index
    from huaxiang.learn.rules import Tagged, Transactions, least_count, tag_customers

    count = members.count()
    if count < 2 * SMALLEST:
        raise UsageError(
            f"the audience has {count} customers: too few for rules; ask about {2 * SMALLEST} or more",
            f"该人群只有 {count} 人，太少，找不出规律；至少需要 {2 * SMALLEST} 人",
        )
    index = open_index(snapshot).index
    least = max(SMALLEST, least_count(question.min_support, count))
    words, items, tags, known = [], [], [], []
    for number, info in enumerate(infos):
        values = _values(index, info, members, least)
        words += [index.of_value(info["name"], value).words for value in values]
        items += [Item.of(info, "true" if value is True else str(value)) for value in values]
        tags += [number] * len(values)
        known.append(_known(index, info).words)
    size = index.size
    rows = np.stack(words) if words else np.zeros((0, (size + 63) // 64), np.uint64)
    base = Tagged(
        Transactions(rows, np.arange(len(rows), dtype=np.int32), size), np.array(tags, np.int64), np.stack(known)
    )
    single = np.array([info["value_type"] == "enum" for info in infos])
    return _Asked(infos, items, tag_customers(base, members.mask(), single))


def _values(index: AudienceIndex, info: Mapping[str, Any], members: Bits, least: int) -> list[object]:
    """The values of a tag that `least` of the members have; of a yes/no tag only yes."""
    if index.fields[info["name"]].kind not in ("codes", "list"):
        raise UsageError(
            f'"{info["name"]}" has too many different values for rules; use a tag with bands or labels instead',
            f"“{info['name']}”的取值太多，找不出规律；请改用分段或分类标签",
        )
    counted = index.counts(members, info["name"])
    pairs = zip(counted.values.to_pylist(), counted.counts.tolist(), strict=True)
    return [value for value, count in pairs if count >= least and value is not False]


def _known(index: AudienceIndex, info: Mapping[str, Any]) -> Bits:
    """Who has a value; an empty list is unknown, as in the manifest's coverage."""
    if info["value_type"] != "list":
        return index.known(info["name"])
    sets = (index.of_value(info["name"], value) for value in index.values(info["name"]).to_pylist())
    return reduce(or_, sets, index.all - index.all)


def _mine(mine: Tagged, question: RuleQuestion) -> Itemsets:
    from huaxiang.learn.rules import TooManyItemsets, frequent_itemsets

    support = max(question.min_support, SMALLEST / mine.transactions.size)
    try:
        return frequent_itemsets(mine.transactions, support, max_length=question.max_length, most=MOST_ITEMSETS)
    except TooManyItemsets:
        raise UsageError(
            f"more than {MOST_ITEMSETS:,} combinations are that frequent; raise min_support, lower max_length, or name fewer tags",
            f"达到该支持度的组合超过 {MOST_ITEMSETS:,} 个；请提高支持度、减小 max_length 或减少标签",
        ) from None


def _judge(
    rules: Rules, related: NDArray[np.bool_], asked: _Asked, question: RuleQuestion, left_out: dict[str, int]
) -> tuple[Rules, Worth, NDArray[np.bool_]]:
    """The rules that reach what was asked, what they are worth, and which are between related tags; `left_out` is filled in."""
    from dataclasses import fields, replace

    import numpy as np

    from huaxiang.learn.rules import Thresholds
    from huaxiang.learn.rules.tagged import known_rules, rule_worth

    known = known_rules(rules, asked.made.mine, held=True)
    reach = known.meets(Thresholds(question.min_confidence, question.min_lift))
    kept, related = known.take(reach), related[reach]
    worth = rule_worth(kept, asked.made.mine, len(asked.items))
    if question.everything:
        return kept, worth, related
    gains, significant = worth.improvement > 0, worth.p_corrected <= ALPHA
    left_out |= {"no_gain": int((~gains).sum()), "not_significant": int((gains & ~significant).sum())}
    stand = np.flatnonzero(gains & significant)
    worth = replace(worth, **{field.name: getattr(worth, field.name)[stand] for field in fields(worth)})
    return kept.take(stand), worth, related[stand]


def _between_related(rules: Rules, asked: _Asked) -> NDArray[np.bool_]:
    """Rules whose right side shares a tag or attribute in its lineage with a tag of the left: they hold by definition.

    So do those between two tags of which one tells the other, as a city its province.
    """
    import numpy as np

    from huaxiang.app.lineage import roots_of

    roots = [roots_of(info) for info in asked.infos]
    together = (
        np.array([[bool(one & other) for other in roots] for one in roots]) | asked.made.tells | asked.made.tells.T
    )
    tags = np.append(asked.made.mine.tags, -1)
    right = tags[rules.consequent[:, 0]]
    found = np.zeros(len(rules), np.bool_)
    for column in range(rules.antecedent.shape[1]):
        left = tags[rules.antecedent[:, column]]
        found |= (left >= 0) & (left != right) & together[left, right]
    return found


def _order(rules: Rules) -> NDArray[np.int64]:
    """The strongest lift first, then the more customers, then by name."""
    import numpy as np

    keys = [*rules.antecedent.T[::-1], *rules.consequent.T[::-1], -rules.both, -np.round(rules.lift, 12)]
    return np.lexsort(keys)


def _judged(worth: Worth, number: int, *, related: bool) -> dict[str, Any]:
    corrected = float(worth.p_corrected[number])
    return {
        "improvement": round(float(worth.improvement[number]), 6), "p": float(worth.p[number]), "p_corrected": corrected,
        "significant": corrected <= ALPHA, "related": related,
    }  # fmt: skip


def _described(rules: Rules, asked: _Asked, base: Tagged | None) -> list[dict[str, Any]]:
    import numpy as np

    bases = _bases(rules, base, len(asked.items)) if base is not None else [None] * len(rules)
    names = ("support", "confidence", "lift", "leverage", "conviction", "zhang")
    measures = {name: getattr(rules, name) for name in names}
    expected = rules.with_consequent / np.maximum(rules.size, 1)
    found = []
    for i in range(len(rules)):
        left, right = (
            [asked.items[code] for code in codes[i] if code >= 0] for codes in (rules.antecedent, rules.consequent)
        )
        figures: dict[str, Any] = {name: _rounded(float(values[i])) for name, values in measures.items()}
        figures |= {"expected": _rounded(float(expected[i])), "base": bases[i]}
        found.append({
            "antecedent": [item.as_dict() for item in left], "consequent": [item.as_dict() for item in right],
            "text": sentence(left, right[0], figures), "count": int(rules.both[i]), "known": int(rules.size[i]),
            "share": round(int(rules.both[i]) / asked.made.mine.transactions.size, 6), **figures,
        })  # fmt: skip
    return found


def _rounded(value: float) -> float | None:
    return round(value, 6) if abs(value) != float("inf") else None


def _bases(rules: Rules, base: Tagged, items: int) -> list[dict[str, Any]]:
    """The same rules among everyone, and whether the audience's confidence differs from that of the rest."""
    import numpy as np

    from huaxiang.learn.evidence import two_proportions_p
    from huaxiang.learn.rules import corrected
    from huaxiang.learn.rules.tagged import known_rules

    all_of = known_rules(rules, base)
    inside = (rules.both.astype(np.float64), rules.with_antecedent.astype(np.float64))
    p = two_proportions_p(*inside, all_of.both - inside[0], all_of.with_antecedent - inside[1])
    lengths = (rules.antecedent >= 0).sum(axis=1) + 1
    p_corrected = corrected(p, lengths, items)
    return [
        {
            "count": int(all_of.both[i]), "known": int(all_of.size[i]), "support": _rounded(float(all_of.support[i])),
            "confidence": _rounded(float(all_of.confidence[i])), "lift": _rounded(float(all_of.lift[i])), "p": float(p[i]),
            "p_corrected": float(p_corrected[i]), "differs": bool(p_corrected[i] <= ALPHA),
        }
        for i in range(len(rules))
    ]  # fmt: skip
