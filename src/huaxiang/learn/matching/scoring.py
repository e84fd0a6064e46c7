"""Scores pairs: Splink makes and filters the candidate pairs, then each gets its weight against strangers and relatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from huaxiang.learn.matching.levels import Comparison
from huaxiang.learn.matching.model import MatchModel
from huaxiang.learn.matching.observe import level_of, term_of
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


@dataclass(frozen=True)
class Hope:
    """A field that is not compared yet: where both records have its `column`, so much (log2) is added against strangers and relatives."""

    column: str
    strangers: float
    kin: float


def weigh(  # noqa: PLR0913  a query of many parts
    db: Database,
    pairs: str,
    wide: str,
    comparisons: Sequence[Comparison],
    model: MatchModel,
    hopes: Sequence[Hope] = (),
) -> str:
    """Query of (a, b, weight, levels…): `weight` is log2 of the odds that the pair is one person rather than strangers or
    relatives; `g<n>` the level of each comparison. `wide`: query of the pairs with the helper columns of both records. Leaves
    `graded_<pairs>`, the levels: written down, each is compared but once. With `hopes` the weight is what it may be at most.
    """
    levels = ", ".join(f"{level_of(c)}::SMALLINT AS g{i}" for i, c in enumerate(comparisons))
    kept = "".join(f", tf_{c.term}_{s}" for c in comparisons if c.term for s in ("l", "r"))
    kept += "".join(f", {h.column}_l IS NOT NULL AND {h.column}_r IS NOT NULL AS h{n}" for n, h in enumerate(hopes))
    db.run(f"CREATE TABLE graded_{pairs} AS SELECT a, b, {levels}{kept} FROM ({wide})")
    sums = {"match": [_log2(model.match)], "kin": [_log2(model.related)], "strangers": ["0.0"]}
    for i, c in enumerate(comparisons):
        w = model.weights[c.name]
        sums["match"].append(_pick(i, w.m))
        term = term_of(c, f"g{i}")
        by_term = bool(c.term)
        sums["strangers"].append(_pick(i, w.u, skip_first=by_term))
        sums["kin"].append(_pick(i, w.kin, skip_first=by_term and c.personal))
        if by_term:
            sums["strangers"].append(term)
            if c.personal:
                sums["kin"].append(term)
    for n, hope in enumerate(hopes):
        for name, most in (("strangers", hope.strangers), ("kin", hope.kin)):
            sums[name].append(f"CASE WHEN h{n} THEN {-most!r}::DOUBLE ELSE 0.0 END")
    grades = ", ".join(f"g{i}" for i in range(len(comparisons)))
    parts = ", ".join(f"{' + '.join(terms)} AS {name}" for name, terms in sums.items())
    high = "greatest(kin, strangers)"
    against = f"{high} + log2(1.0 + pow(2.0::DOUBLE, least(kin, strangers) - {high}))"
    return f'SELECT a, b, round("match" - ({against}), 6) AS weight, {grades} FROM (SELECT a, b, {grades}, {parts} FROM graded_{pairs})'


def _log2(probability: float) -> str:
    return f"({math.log2(probability)!r}::DOUBLE)"


def _pick(number: int, probabilities: Sequence[float], *, skip_first: bool = False) -> str:
    """SQL of log2 of the probability of the level reached; 0 where a value is unknown."""
    branches = [f"WHEN {n} THEN {_log2(p)}" for n, p in enumerate(probabilities) if not (skip_first and n == 0)]
    return f"CASE g{number} {' '.join(branches)} ELSE 0.0 END"


def labels(comparisons: Sequence[Comparison]) -> str:
    """SQL of the JSON text {comparison: label of its level} from the columns `g<n>`; unknown ones are left out."""
    parts = []
    for i, c in enumerate(comparisons):
        branches = " ".join(f"WHEN {n} THEN '{level.label}'" for n, level in enumerate(c.levels))
        parts.append(f"""'"{c.name}":"' || (CASE g{i} {branches} END) || '"'""")
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"
