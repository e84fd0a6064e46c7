"""What a lookalike model found, in words: features, drivers and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from huaxiang.app.value_titles import titles_of_value

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from huaxiang.app.lookalike_features import Features
    from huaxiang.learn.lookalike import Driver, Encoder, Lifts

NEARLY_TOLD = 0.9
"""From this AUC of a single tag on, the tag is likely to say what the definition of the seed says."""

_WARNINGS = {
    "no_better_than_chance": {
        "zh": "模型找到留出种子的能力不显著高于随机（AUC {auc}，区间下限 {low}）：请不要使用这份名单，换一个种子或补充标签。",
        "en": "The model does not find the held-out seed significantly better than chance (AUC {auc}, interval from {low}): don't use this "
        "list; take another seed or add tags.",
    },
    "no_better_than_one_tag": {
        "zh": "模型并不显著好于只看“{tag}”一个标签：直接按这个标签圈选即可，更简单也更透明。",
        "en": "The model is not significantly better than the tag “{tag}” alone: select by that tag, which is simpler and plainer.",
    },
    "nearly_the_definition": {
        "zh": "“{tag}”一个标签几乎就能区分种子（AUC {auc}）：它可能与种子的定义说的是同一件事，提升度高不代表能找到真正的新客户。",
        "en": "The tag “{tag}” alone nearly tells the seed (AUC {auc}): it may say what the definition says in other words, and then the "
        "lift does not mean that new customers are found.",
    },
    "mostly_untested": {
        "zh": "名单中 {share} 的客户因相关标签无值，无法判断是否符合种子的定义：提升度没有在这样的客户身上检验过，请先小范围试投。",
        "en": "For {share} of the list the seed's tags are unknown: the lift was not tested on such customers; try a small part first.",
    },
}  # fmt: skip


def feature_report(features: Features, encoder: Encoder) -> dict[str, Any]:
    """The columns used, and those left out with the reason."""
    reasons = features.left_out | dict.fromkeys(encoder.left_out, "constant")
    return {"used": list(encoder.names), "left_out": [{"name": name, "reason": why} for name, why in reasons.items()]}


def describe_drivers(
    ranked: Sequence[tuple[str, float]], features: Features, sample: pa.Table, seed: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Drivers with titles and a sentence each; how seed and rest differ is seen on the training sample."""
    from huaxiang.learn.lookalike.drivers import describe

    found = []
    for name, loss in ranked:
        info = features.infos[name]
        driver = describe(name, loss, sample.column(name).combine_chunks(), features.kinds[name], seed)
        title = titles_of_value(driver.value, info.get("values"))["value_title"]
        found.append({
            "tag": name, "title": info.get("title"), "loss": round(loss, 4), "value": driver.value, "value_title": title,
            "seed": _rounded(driver.seed), "rest": _rounded(driver.rest),
            "figure": ("mean" if driver.mean else "median") if driver.value is None else "share",
            "text": _sentence(info, driver, title),
        })  # fmt: skip
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _sentence(info: Mapping[str, Any], driver: Driver, title: Mapping[str, str] | None) -> dict[str, str]:
    from huaxiang.learn.columns import Both, TagInfo
    from huaxiang.learn.wording import amount, percent

    seed, rest, value = driver.seed, driver.rest, driver.value
    if seed is None or rest is None:
        return {"zh": "仅在是否有值上不同", "en": "they differ only in whether it is known"}
    if value is None:
        tag = TagInfo(info["name"], Both("", ""), "", None, info["value_type"], info.get("unit"))
        mine, other = amount(seed, tag, "CNY"), amount(rest, tag, "CNY")
        zh, en = ("平均为", "mean") if driver.mean else ("中位数为", "median")
        return {
            "zh": f"种子的{zh} {mine.zh}，其余客户为 {other.zh}",
            "en": f"{en} {mine.en} in the seed, {other.en} in the rest",
        }
    shares = percent(seed), percent(rest)
    if info["value_type"] == "boolean":
        word = {"true": ("是", "yes"), "false": ("否", "no")}.get(value, (value, value))
    else:
        word = ((title or {}).get("zh") or value, (title or {}).get("en") or value)
    return {
        "zh": f"“{word[0]}”在种子中占 {shares[0]}，在其余客户中占 {shares[1]}",
        "en": f"“{word[1]}”: {shares[0]} of the seed, {shares[1]} of the rest",
    }


def warnings_of(
    lifts: Lifts, baseline: Lifts, gain: tuple[float, float, float], info: Mapping[str, Any], *, untested: float
) -> list[dict[str, str]]:
    """What the reader must know before using the list: code and text. `untested`: share of the list that no test speaks for."""
    title = info.get("title") or {}
    names = {"zh": title.get("zh") or info["name"], "en": title.get("en") or info["name"]}
    found = []
    if lifts.auc_low <= 0.5:
        found.append(_warning("no_better_than_chance", auc=f"{lifts.auc:.3f}", low=f"{lifts.auc_low:.3f}"))
    elif gain[1] <= 0:
        found.append(_warning("no_better_than_one_tag", names))
    if baseline.auc >= NEARLY_TOLD:
        found.append(_warning("nearly_the_definition", names, auc=f"{baseline.auc:.3f}"))
    if untested > 0.5:
        found.append(_warning("mostly_untested", share=f"{untested:.0%}"))
    return found


def _warning(code: str, names: Mapping[str, str] | None = None, **figures: str) -> dict[str, str]:
    texts = {lang: text.format(tag=(names or {}).get(lang, ""), **figures) for lang, text in _WARNINGS[code].items()}
    return {"code": code, **texts}
