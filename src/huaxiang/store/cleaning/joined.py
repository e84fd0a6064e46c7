"""Several columns of a file that fill one field together: an ID that is unique only with the name of what gave it (AppID + OpenID)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.store.cleaning.column import as_texts
from huaxiang.store.cleaning.rule import ColumnRule
from huaxiang.store.files.batch import RawBatch

_BETWEEN = ":"


def columns_of(rules: Sequence[ColumnRule]) -> tuple[str, ...]:
    """The columns that a file is asked for, in the order of the rules."""
    return tuple(column for rule in rules for column in (rule.column, *rule.also))


def join_columns(batch: RawBatch, rules: Sequence[ColumnRule]) -> RawBatch:
    """The batch with one column for each rule; it was read with those of `columns_of(rules)`."""
    if not any(rule.also for rule in rules):
        return batch
    columns, at = [], 0
    for rule in rules:
        parts = batch.columns[at : at + 1 + len(rule.also)]
        at += len(parts)
        columns.append(_joined(parts, rule) if rule.also else parts[0])
    return replace(batch, columns=columns)


def _joined(parts: Sequence[pa.Array], rule: ColumnRule) -> pa.Array:
    """Texts with `:` between them, NULL unless all parts have a value. A colon or backslash of a value stands behind a backslash, so that
    different parts never give one text.
    """
    texts = []
    for part in parts:
        text = pc.utf8_trim_whitespace(as_texts(part).cast(pa.string()))
        void = pc.is_in(text, pa.array(sorted({"", *rule.missing}), pa.string()))
        safe = pc.replace_substring(pc.replace_substring(text, "\\", "\\\\"), _BETWEEN, "\\" + _BETWEEN)
        texts.append(pc.if_else(void, pa.scalar(None, pa.string()), safe))
    return pc.binary_join_element_wise(*texts, _BETWEEN, null_handling="emit_null")
