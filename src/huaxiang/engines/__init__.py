"""Engines that run plans: DuckDB on one machine, Apache Spark beyond."""
