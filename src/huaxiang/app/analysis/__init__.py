"""Analyses 分析 of a snapshot: funnels, retention, paths, distributions, cross-tables, association networks (docs/analysis.md)."""
