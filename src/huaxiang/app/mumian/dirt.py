"""What happens to values on their way into an export: full-width digits, blanks, other date formats, words for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian.population import Bools

_WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789@+-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}


def wide(text: str) -> str:
    """Digits and Latin letters in their full-width forms."""
    return text.translate(_WIDE)


def sometimes(values: pa.Array, share: float, change: Callable[[str], str], rng: np.random.Generator) -> pa.Array:
    """Change a random share of the values that are there."""
    mask = (rng.random(len(values)) < share) & pc.is_valid(values).to_numpy(zero_copy_only=False)
    if not mask.any():
        return values
    chosen = pa.array(mask)
    return pc.replace_with_mask(
        values, chosen, pa.array([change(v) for v in values.filter(chosen).to_pylist()], pa.string())
    )


def put(values: pa.Array, where: Bools, texts: Sequence[str], rng: np.random.Generator) -> pa.Array:
    """Write one of `texts`, drawn at random, into the rows of `where`."""
    drawn = pc.take(pa.array(list(texts)), pa.array(rng.integers(0, len(texts), len(values))))
    return pc.if_else(pa.array(where), drawn, values)


def put_some(values: pa.Array, share: float, texts: Sequence[str], rng: np.random.Generator) -> pa.Array:
    """Write one of `texts` into a share of the rows that have no value."""
    empty = ~pc.is_valid(values).to_numpy(zero_copy_only=False)
    return put(values, empty & (rng.random(len(values)) < share), texts, rng)


def dirty_phones(values: pa.Array, rng: np.random.Generator) -> pa.Array:
    """Numbers as they are typed: with blanks, hyphens, country code, full-width."""
    values = sometimes(values, 0.05, lambda v: f"{v[:3]}-{v[3:7]}-{v[7:]}", rng)
    values = sometimes(values, 0.05, lambda v: f"{v[:3]} {v[3:7]} {v[7:]}" if "-" not in v else v, rng)
    values = sometimes(values, 0.03, lambda v: f"+86{v}", rng)
    values = sometimes(values, 0.02, lambda v: f"0086 {v}" if not v.startswith("+") else v, rng)
    return sometimes(values, 0.04, wide, rng)


def dirty_names(values: pa.Array, rng: np.random.Generator) -> pa.Array:
    """Names with blanks around and inside."""
    values = sometimes(values, 0.015, lambda v: f" {v}", rng)
    values = sometimes(values, 0.015, lambda v: f"{v}\u3000", rng)
    return sometimes(values, 0.012, lambda v: f"{v[0]} {v[1:]}" if v[0] > "\u3000" else v, rng)


def dirty_emails(values: pa.Array, rng: np.random.Generator) -> pa.Array:
    """Addresses in capitals, with blanks, with a full-width at sign."""
    values = sometimes(values, 0.05, str.upper, rng)
    values = sometimes(values, 0.02, lambda v: f"{v} ", rng)
    return sometimes(values, 0.01, lambda v: v.replace("@", "＠"), rng)


def dirty_dates(values: pa.Array, rng: np.random.Generator) -> pa.Array:
    """ISO dates in the other ways they are written in Chinese offices."""
    forms: tuple[tuple[float, Callable[[str], str]], ...] = (
        (0.20, lambda v: _parts(v, "/")),
        (0.08, lambda v: v.replace("-", "") if len(v) == 10 else v),
        (0.06, lambda v: v.replace("-", ".") if len(v) == 10 else v),
        (0.05, _chinese),
        (0.02, wide),
    )
    draw = rng.random(len(values))
    low = 0.0
    for share, change in forms:
        mask = pa.array((draw >= low) & (draw < low + share) & pc.is_valid(values).to_numpy(zero_copy_only=False))
        changed = pa.array([change(v) for v in values.filter(mask).to_pylist()], pa.string())
        values, low = pc.replace_with_mask(values, mask, changed), low + share
    return values


def _parts(text: str, sign: str) -> str:
    day, _, rest = text.partition(" ")
    year, month, number = day.split("-")
    return f"{year}{sign}{int(month)}{sign}{int(number)}" + (f" {rest}" if rest else "")


def _chinese(text: str) -> str:
    day, _, rest = text.partition(" ")
    year, month, number = day.split("-")
    return f"{year}年{int(month)}月{int(number)}日" + (f" {rest}" if rest else "")
