"""Clusters, statistical evidence and persona cards: numbers in, findings out; no engine, no files."""
