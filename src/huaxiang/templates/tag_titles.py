"""Titles of the values and parts that RFM and lifecycle tags write, as the field calls them."""

from __future__ import annotations

PART_TITLES = {
    "r": {"zh": "R 分（最近消费）", "en": "R score (recency)"}, "f": {"zh": "F 分（消费频次）", "en": "F score (frequency)"},
    "m": {"zh": "M 分（消费金额）", "en": "M score (monetary)"}, "band": {"zh": "活跃分层", "en": "activity band"},
    "class": {"zh": "价值分类", "en": "value class"},
}  # fmt: skip
AGE_TITLES = {
    "<18": {"zh": "18 岁以下", "en": "under 18"}, "18-24": {"zh": "18–24 岁", "en": "18–24"}, "25-29": {"zh": "25–29 岁", "en": "25–29"},
    "30-34": {"zh": "30–34 岁", "en": "30–34"}, "35-39": {"zh": "35–39 岁", "en": "35–39"}, "40-49": {"zh": "40–49 岁", "en": "40–49"},
    "50-59": {"zh": "50–59 岁", "en": "50–59"}, "other": {"zh": "60 岁及以上", "en": "60 and over"},
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
