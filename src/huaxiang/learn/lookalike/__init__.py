"""Lookalikes 相似人群扩展: customers like a seed, by a model that is tested on a part of the seed it never saw."""

from huaxiang.learn.lookalike.drivers import Driver, drivers_of
from huaxiang.learn.lookalike.encode import Encoder, Kind, fit_encoder
from huaxiang.learn.lookalike.lift import Lifts, measure_lifts
from huaxiang.learn.lookalike.model import Baseline, Model, ModelName, fit_baseline, fit_model

__all__ = [
    "Baseline", "Driver", "Encoder", "Kind", "Lifts", "Model", "ModelName", "drivers_of", "fit_baseline", "fit_encoder", "fit_model",
    "measure_lifts",
]  # fmt: skip
