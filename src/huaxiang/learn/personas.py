"""Persona cards from evidence: compare, correct, choose, name, advise. Nothing is said that a figure does not carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from huaxiang.errors import LearnError, Said, TooLittleData, did_you_mean, did_you_mean_zh
from huaxiang.learn.cards import Segment, Setting, make_card
from huaxiang.learn.columns import Both, Numbers, TagInfo
from huaxiang.learn.compare import Finding, compare_all
from huaxiang.learn.features import Mask
from huaxiang.learn.naming import distinct_names, parts_of
from huaxiang.learn.selection import Likeness, choose_statements
from huaxiang.learn.spoken import EVIDENCE_SECTIONS, Entry, Spoken, both, choose_tags
from huaxiang.spec.models import PersonaSetSpec


def draw_personas(  # noqa: PLR0913 the inputs of a set are what they are
    customers: pa.Table,
    tags: Sequence[Entry],
    spec: PersonaSetSpec,
    segments: Mapping[str, Mask],
    titles: Mapping[str, Mapping[str, str]],
    currency: str,
    *,
    defined_by: Collection[str] = (),
) -> dict[str, object]:
    """One persona set in the shape of personas.json: a card for each segment, in the order of `segments`.

    `customers`: one row per customer, the base of every comparison. `tags`: manifest entries of tags and attributes; those without
    a column are passed over. `segments`: membership, aligned with `customers`. `titles`: titles of audiences. `defined_by`: tags
    that made the segments, whose statements are marked. Raises LearnError when the worth tag is no number, or a mask has the wrong
    length; TooLittleData when it says nothing today.
    """
    _check(customers, segments, spec)
    spoken = choose_tags(customers, tags, spec, defined_by)
    worth = _worth(spoken, spec)
    large = {name: mask for name, mask in segments.items() if int(mask.sum()) >= spec.minimum_size}
    tested = compare_all(spoken.columns, large)
    likeness = Likeness(spoken.columns, customers.num_rows)
    setting = Setting(spoken, worth, currency, spec.alpha, spec.minimum_size)
    drawn = [_segment(name, mask, tested, likeness, spec) for name, mask in segments.items()]
    names, by_hand = _names(drawn, spec, titles)
    return {
        "name": spec.name, "title": both(spec.title, spec.name).as_dict(),
        "kind": "clustering" if spec.clustering else "audiences", "base_size": customers.num_rows, "alpha": spec.alpha,
        "comparisons": len(tested), "left_out": [{"tag": t, "reason": r} for t, r in spoken.left_out.items()],
        "cards": [make_card(s, setting, names[s.name], "hand" if s.name in by_hand else "rule") for s in drawn],
    }  # fmt: skip


def _check(customers: pa.Table, segments: Mapping[str, Mask], spec: PersonaSetSpec) -> None:
    wrong = [name for name, mask in segments.items() if len(mask) != customers.num_rows]
    if wrong:
        raise LearnError(
            f'persona set "{spec.name}": segment {wrong[0]} is not aligned with the {customers.num_rows} customers',
            f"画像集“{spec.name}”：分群 {wrong[0]} 与 {customers.num_rows} 位客户不对应",
        )
    if spec.worth not in customers.column_names:
        raise LearnError(
            f'persona set "{spec.name}": no column for worth "{spec.worth}"{did_you_mean(spec.worth, customers.column_names)}',
            f"画像集“{spec.name}”：没有价值标签“{spec.worth}”这一列{did_you_mean_zh(spec.worth, customers.column_names)}",
        )


_REASONS = {
    "constant": ("all customers have the same value", "所有客户的值都相同"),
    "empty": ("no customer has a value", "没有客户有值"),
    "dates": ("dates", "是日期"),
    "free text": ("free text", "是自由文本"),
    "not a number": ("not a number", "不是数字"),
}
_OF_TODAY = frozenset({"constant", "empty"})
"""Reasons that lie in the data of today, not in what is declared."""


def _worth(spoken: Spoken, spec: PersonaSetSpec) -> tuple[TagInfo, Numbers]:
    for info, column in spoken.columns:
        if info.name == spec.worth and isinstance(column, Numbers):
            return info, column
    reason = spoken.left_out.get(spec.worth, "not a number")
    en, zh = _REASONS[reason]
    told = Said(
        f'persona set "{spec.name}": worth "{spec.worth}" can\'t be compared ({en}); name a money or number tag that differs '
        "between customers, or see whether the rows of its source were loaded (`max_bad_share: 0.1` stops a build that sets too "
        "many aside, and says why)",
        f"画像集“{spec.name}”：价值标签“{spec.worth}”无法比较（{zh}）；请换用客户之间有差别的金额或数字标签，"
        "或查看它的来源行是否已载入（设置 `max_bad_share: 0.1` 后，搁置过多的构建会停下并说明原因）",
    )
    if reason in _OF_TODAY:
        raise TooLittleData(*told)
    raise LearnError(*told)


def no_cards(spec: PersonaSetSpec, note: Mapping[str, str], customers: int) -> dict[str, object]:
    """A persona set that has no cards in this build, and why, in the shape of personas.json."""
    return {
        "name": spec.name, "title": both(spec.title, spec.name).as_dict(),
        "kind": "clustering" if spec.clustering else "audiences", "base_size": customers, "alpha": spec.alpha,
        "comparisons": 0, "left_out": [], "cards": [], "note": dict(note),
    }  # fmt: skip


def _segment(name: str, members: Mask, tested: Sequence[Finding], likeness: Likeness, spec: PersonaSetSpec) -> Segment:
    mine = [f for f in tested if f.segment == name]
    allowed = [f for f in mine if spec.tags is None or f.tag.name in spec.tags]
    standing = [f for f in allowed if f.stands(spec.alpha)]
    stated = {s: choose_statements([f for f in standing if f.tag.section == s], likeness) for s in EVIDENCE_SECTIONS}
    worth = next((f for f in mine if f.tag.name == spec.worth), None)
    return Segment(name, members, allowed, stated, worth, small=int(members.sum()) < spec.minimum_size)


def _names(
    drawn: Sequence[Segment], spec: PersonaSetSpec, titles: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Both], set[str]]:
    """Names given by hand, titles of audiences, and for the rest names by rule; and which are by hand."""
    given = {s.name: (spec.names or {}).get(s.name) for s in drawn}
    hand = {name: both(title, name) for name, title in given.items() if title is not None}
    if not spec.clustering:
        titled = {s.name: both(titles.get(s.name), s.name) for s in drawn if s.name not in hand}
        hand |= {name: title for name, title in titled.items() if title != Both(name, name)}
    parts = {s.name: parts_of(s.all_stated, s.worth, spec.alpha) for s in drawn if s.name not in hand}
    return hand | distinct_names(parts, list(hand.values())), set(hand)
