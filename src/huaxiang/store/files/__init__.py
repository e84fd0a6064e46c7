"""Readers of source files: each yields batches of raw columns with row numbers, and the rows that have no place in a table."""
