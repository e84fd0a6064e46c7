"""A generated company for trials and benchmarks: 木棉 mumian, an openly synthetic retailer. No real person is described."""

from __future__ import annotations

from huaxiang.app.mumian.generate import generate
from huaxiang.app.mumian.records import SEED, person_records

__all__ = ["SEED", "generate", "person_records"]
