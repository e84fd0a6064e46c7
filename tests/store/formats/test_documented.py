"""docs/sources.md says what the code does: its examples are sources, its tables name every standard column and every reason."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from huaxiang.run.reports import LEFT_OUT
from huaxiang.spec.models import SourceSpec
from huaxiang.store.formats.record import STANDARD

PAGE = (Path(__file__).parents[3] / "docs" / "sources.md").read_text("utf-8")


def test_examples_are_sources() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    assert len(examples) >= 2
    for example in examples:
        for source in YAML(typ="safe").load(example)["sources"]:
            SourceSpec.model_validate(source)


def test_standard_columns_are_listed() -> None:
    table = PAGE[PAGE.index("| standard column |") : PAGE.index("Which records a source takes")]
    first_cells = [line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|")]
    assert [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)] == list(STANDARD)


def test_reasons_are_listed() -> None:
    table = PAGE[PAGE.index("| reason | means |") : PAGE.index("## 文件")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == ["where", *LEFT_OUT]
