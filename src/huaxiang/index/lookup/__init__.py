"""Who is meant: keys, names and ends of phone numbers of all customers as sorted arrays in mapped memory.

Customers are numbered as in the audience index: by their place in the table of customers. `build_lookup` writes the files from the
tables of a snapshot, `Lookup.open` maps them. Nothing personal is held that the tables don't hold: keys stand as parts of their digests.
"""

from __future__ import annotations

from huaxiang.index.lookup.reading import Found, Lookup

FOLDER = "lookup"

__all__ = ["FOLDER", "Found", "Lookup"]
