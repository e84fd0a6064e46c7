"""The journey index: when each customer did what, as mapped arrays by customer and time, a folder for each source (docs/analysis.md)."""

from huaxiang.index.journeys.reading import SourceJourneys

__all__ = ["SourceJourneys"]
