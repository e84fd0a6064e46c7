"""Derived columns: parts of the values of a column (`derive` of a mapping)."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from huaxiang.store.cleaning.addresses import address_parts
from huaxiang.store.cleaning.ids import id_parts
from huaxiang.store.cleaning.names import name_parts
from huaxiang.store.cleaning.phones import phone_parts
from huaxiang.store.cleaning.rule import ColumnRule


def derive(values: pa.Array, tidied: pa.Array, rule: ColumnRule) -> tuple[pa.Array, ...]:
    """The derived columns of clean values, in the order of `rule.derived`; `tidied` are the texts before they were cleaned."""
    parts = tuple(dict.fromkeys(derived.part for derived in rule.derived))
    made: Mapping[str, pa.Array]
    match rule.type:
        case "address":
            made = address_parts(values, parts)
        case "name":
            made = name_parts(values, tidied, parts)
        case "id_number":
            made = id_parts(values, parts)
        case "phone":
            made = phone_parts(values, parts)
        case _:
            made = {}
    return tuple(made[derived.part] for derived in rule.derived)
