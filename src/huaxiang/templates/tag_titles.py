"""Titles of the values and parts that RFM and lifecycle tags write, as the field calls them."""

from __future__ import annotations

PART_TITLES = {
    "r": {"zh": "R 分（最近消费）", "en": "R score (recency)"}, "f": {"zh": "F 分（消费频次）", "en": "F score (frequency)"},
    "m": {"zh": "M 分（消费金额）", "en": "M score (monetary)"}, "band": {"zh": "活跃分层", "en": "activity band"},
    "class": {"zh": "价值分类", "en": "value class"},
}  # fmt: skip
VALUE_TITLES = {
    "potential": {"zh": "潜在客户", "en": "Potential"}, "first_purchase": {"zh": "首购客户", "en": "First purchase"},
    "active": {"zh": "活跃", "en": "Active"}, "sleeping": {"zh": "沉睡", "en": "Sleeping"}, "at_risk": {"zh": "预流失", "en": "At risk"},
    "lost": {"zh": "流失", "en": "Lost"}, "churned": {"zh": "流失", "en": "Churned"},
    "key_value": {"zh": "重要价值客户", "en": "Champions (key value)"}, "key_develop": {"zh": "重要发展客户", "en": "Key, to develop"},
    "key_retain": {"zh": "重要保持客户", "en": "Key, to retain"}, "key_win_back": {"zh": "重要挽留客户", "en": "Key, to win back"},
    "general_value": {"zh": "一般价值客户", "en": "General value"}, "general_develop": {"zh": "一般发展客户", "en": "General, to develop"},
    "general_retain": {"zh": "一般保持客户", "en": "General, to retain"},
    "general_win_back": {"zh": "一般挽留客户", "en": "General, to win back"},
}  # fmt: skip
