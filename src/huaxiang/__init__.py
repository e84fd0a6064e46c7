"""Huaxiang (画像): customer personas with evidence, from raw files to tags, segments, persona cards and a report."""
