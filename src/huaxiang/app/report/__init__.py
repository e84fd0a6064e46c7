"""The customer persona report 客户画像分析报告: one self-contained HTML file made from a published snapshot."""

from huaxiang.app.report.writer import ReportSnapshot, write_report

__all__ = ["ReportSnapshot", "write_report"]
