"""The chapter on features 客户特征: one module for each theme, each giving a `Section` with whatever the data can show."""

from __future__ import annotations

from huaxiang.app.report.features.people import people_section, region_section
from huaxiang.app.report.features.spend import spend_section
from huaxiang.app.report.features.taste import other_section, taste_section
from huaxiang.app.report.features.value import lifecycle_section, rfm_section
from huaxiang.app.report.figures import Desk, Section


def feature_sections(desk: Desk) -> list[Section]:
    """All sections in the order of the report; the last one only when there is something in it."""
    sections = [
        people_section(desk), region_section(desk), spend_section(desk), rfm_section(desk), lifecycle_section(desk),
        taste_section(desk),
    ]  # fmt: skip
    other = other_section(desk)
    return [*sections, other] if other.figures else sections
