"""The stages of a build in order: the table of contents of the product, of `docs/` and of the log."""

from __future__ import annotations

from dataclasses import dataclass

AUDIENCE_HISTORY = "audience_history"
"""Table of a snapshot: the size of each audience at each build."""


@dataclass(frozen=True)
class Stage:
    """One stage: its name in code, Chinese and English, and what it leaves behind."""

    name: str
    zh: str
    en: str
    leaves: str


STAGES: tuple[Stage, ...] = (
    Stage("collect", "收集", "Collect", "rows of every source with their row numbers"),
    Stage("clean", "清洗", "Clean", "typed rows in the canonical model; rows set aside with reason"),
    Stage("unify", "打通", "Unify", "one customer, one ID; every row carries it"),
    Stage("profile", "画像属性", "Profile", "attributes, one row per customer"),
    Stage("tag", "标签", "Tag", "tags, one row per customer"),
    Stage("segment", "分群", "Segment", "audiences counted, clusters assigned"),
    Stage("persona", "典型画像", "Persona", "persona cards with evidence"),
    Stage("publish", "发布", "Publish", "the new snapshot, served from now on"),
)
