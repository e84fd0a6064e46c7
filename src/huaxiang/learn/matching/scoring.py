"""Candidate pairs: Splink makes them and filters them by what its own score says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from huaxiang.learn.matching.levels import Comparison
from huaxiang.learn.matching.model import MatchModel
from huaxiang.learn.matching.prepare import Database

_MARGIN = 1e-3


def open_linker(
    db: Database, comparisons: Sequence[Comparison], model: MatchModel | None, blocks: Sequence[str]
) -> Any:
    """A Splink linker over the table `entrants` with our comparisons and, when there is a model, its weights."""
    from splink import Linker

    settings = {
        "link_type": "dedupe_only",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": model.match / (1 + model.match) if model else 1e-4,
        "comparisons": [_settings_of(c, model) for c in comparisons],
        "blocking_rules_to_generate_predictions": list(blocks),
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }
    return Linker(db.api.register("entrants"), settings, log_level=None, validate_settings=False)


def _settings_of(comparison: Comparison, model: MatchModel | None) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": comparison.missing, "label_for_charts": "unknown", "is_null_level": True}
    ]
    weights = model.weights[comparison.name] if model else None
    for number, level in enumerate(comparison.levels):
        written: dict[str, Any] = {"sql_condition": level.when or "ELSE", "label_for_charts": level.label}
        if weights:
            written |= {"m_probability": weights.m[number], "u_probability": weights.u[number]}
        if number == 0 and comparison.term and weights:
            written |= {"tf_adjustment_column": comparison.term, "disable_tf_exact_match_detection": True}
        levels.append(written)
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def find_candidates(linker: Any) -> str:
    """Let Splink make the pairs that blocking finds; return the table's name (columns join_key_l, join_key_r)."""
    return str(linker.inference.compute_blocked_pairs_for_predict().physical_name)


def filter_candidates(db: Database, linker: Any, least: float) -> str:
    """Let Splink score the candidates and keep those whose weight against strangers is at least `least`; leave `close` (a, b).

    Without Splink's own threshold: DuckDB pushes that filter below the comparisons and so computes each of them once per level.
    """
    found = linker.inference.predict(warning_mode="never")
    query = f"SELECT id_l AS a, id_r AS b FROM {found.physical_name} WHERE match_weight >= {least - _MARGIN!r}"
    db.run(f"CREATE TABLE close AS {query}")
    found.drop_table_from_database_and_remove_from_cache()
    return "close"
