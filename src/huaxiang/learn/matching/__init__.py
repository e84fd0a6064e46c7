"""Probabilistic matching of records that describe people: which pairs are one person, how sure, and why."""

from huaxiang.learn.matching.blocking import Skipped
from huaxiang.learn.matching.model import MatchModel
from huaxiang.learn.matching.score import Scored, score_pairs

__all__ = ["MatchModel", "Scored", "Skipped", "score_pairs"]
