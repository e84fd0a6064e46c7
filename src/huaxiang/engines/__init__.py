"""Engines behind one small protocol: DuckDB on one machine, Apache Spark beyond."""
