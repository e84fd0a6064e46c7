"""Turn number tags into the standardised matrix that K-means sees, and say what was done to each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from huaxiang.errors import LearnError, TooLittleData

if TYPE_CHECKING:
    from huaxiang.spec.models import Feature

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SKEW_LIMIT = 1.0
"""`transform: auto` takes the logarithm above this moment skewness when no value is negative."""


@dataclass(frozen=True)
class PreparedFeature:
    """One feature: how it was transformed, filled and scaled. `mean` and `std` are on the transformed scale."""

    tag: str
    transform: Literal["none", "log1p"]
    treatment: Literal["median", "zero", "exclude"]
    weight: float
    missing: int
    filled_with: float | None
    skew: float
    skew_after: float
    mean: float
    std: float

    @property
    def used(self) -> bool:
        """A constant feature separates nobody and is left out."""
        return self.std > 0

    def scale(self, values: Floats) -> Floats:
        """Original units → the weighted, standardised scale of the matrix."""
        bent = signed_log1p(values) if self.transform == "log1p" else values
        return np.asarray((bent - self.mean) / self.std * np.sqrt(self.weight), dtype=np.float64)

    def unscale(self, scaled: Floats) -> Floats:
        """The inverse of `scale`."""
        bent = scaled / np.sqrt(self.weight) * self.std + self.mean
        return np.asarray(
            np.sign(bent) * np.expm1(np.abs(bent)) if self.transform == "log1p" else bent, dtype=np.float64
        )

    def report(self) -> dict[str, object]:
        """The entry of the manifest's `clusterings[].features`."""
        return {
            "tag": self.tag,
            "transform": self.transform,
            "skew": tidy(self.skew),
            "skew_after": tidy(self.skew_after),
            "missing": self.missing,
            "treatment": self.treatment,
            "filled_with": None if self.filled_with is None else tidy(self.filled_with),
            "mean": tidy(self.mean),
            "std": tidy(self.std),
            "weight": self.weight,
            "used": self.used,
        }


@dataclass(frozen=True)
class Prepared:
    """`matrix`: rows kept × features used, float64. `kept`: which of all rows these are. `features`: all, used or not."""

    matrix: Floats
    kept: Mask
    features: tuple[PreparedFeature, ...]

    @property
    def used(self) -> tuple[PreparedFeature, ...]:
        """The features that are columns of `matrix`, in its order."""
        return tuple(f for f in self.features if f.used)


def tidy(value: float, digits: int = 8) -> float:
    """Round to significant digits, so that reports don't carry noise of the last bits."""
    return float(f"{value:.{digits}g}")


def signed_log1p(values: Floats) -> Floats:
    """sign(x)·ln(1+|x|): log1p for non-negative values, and defined for the odd refund too."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float64)


def skewness(values: Floats) -> float:
    """Moment coefficient of skewness; 0 for constants and fewer than three values."""
    if values.size < 3:
        return 0.0
    spread = values.std()
    if spread <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return 0.0
    return float((((values - values.mean()) / spread) ** 3).mean())


def prepare_features(columns: Mapping[str, Floats], features: Sequence[Feature], *, name: str) -> Prepared:
    """Fill, bend, standardise and weight each feature; rows that miss an `exclude` feature are left out.

    `columns` hold float64 with NaN (or an infinity) for missing, all of one length. Weight w multiplies a feature's part of the
    squared distance by w. Raises LearnError when a column is absent or fewer than one feature varies.
    """
    absent = [f.tag for f in features if f.tag not in columns]
    if absent:
        raise LearnError(
            f'clustering "{name}": no column for feature {", ".join(absent)}; declare a number tag of that name',
            f"聚类“{name}”：没有特征 {'、'.join(absent)} 的列；请声明同名的数字标签",
        )
    kept = np.ones(len(next(iter(columns.values()))), dtype=bool)
    for feature in features:
        if feature.missing == "exclude":
            kept &= np.isfinite(columns[feature.tag])
    made = [_prepare_one(columns[f.tag][kept], f) for f in features]
    used = [scaled for one, scaled in made if one.used]
    if not used:
        raise TooLittleData(
            f'clustering "{name}": none of its features varies between customers; choose others',
            f"聚类“{name}”：所用特征在客户之间都没有差别；请换用其他特征",
        )
    return Prepared(np.ascontiguousarray(np.column_stack(used)), kept, tuple(one for one, _ in made))


def _prepare_one(raw: Floats, feature: Feature) -> tuple[PreparedFeature, Floats]:
    known = np.isfinite(raw)
    missing = int((~known).sum())
    fill = float(np.median(raw[known])) if feature.missing == "median" and known.any() else 0.0
    filled = np.where(known, raw, fill).astype(np.float64)
    skew = skewness(filled)
    log = feature.transform == "log" or (
        feature.transform == "auto" and skew > SKEW_LIMIT and filled.size > 0 and float(filled.min()) >= 0
    )
    bent = signed_log1p(filled) if log else filled
    mean, std = (float(bent.mean()), float(bent.std())) if bent.size else (0.0, 0.0)
    if std <= 1e-12 * max(1.0, abs(mean)):
        std = 0.0
    one = PreparedFeature(
        tag=feature.tag,
        transform="log1p" if log else "none",
        treatment=feature.missing,
        weight=feature.weight,
        missing=missing,
        filled_with=fill if missing else None,
        skew=skew,
        skew_after=skewness(bent),
        mean=mean,
        std=std,
    )
    return one, one.scale(filled) if one.used else bent
