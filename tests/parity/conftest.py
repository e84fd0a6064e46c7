"""One Spark session for all parity tests; skipped, saying why, where Java or pyspark is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from huaxiang.engines.spark import SparkEngine
from huaxiang.errors import UsageError


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkEngine]:
    try:
        engine = SparkEngine()
    except UsageError as missing:
        pytest.skip(str(missing))
    yield engine
    engine.close()
