"""The Python face of the product: the same answers as the command line's `--json`, as dictionaries.

```python
import huaxiang

shop = huaxiang.open("shop")
shop.build()
shop.audience("rfm_class = 'key_value' and days_since_last_order <= 30").count()
```
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.wiring import find_project, open_snapshot

if TYPE_CHECKING:
    from huaxiang.app.build import BuildResult
    from huaxiang.app.lookalike import LookalikeQuestion, Lookalikes
    from huaxiang.app.rules import RuleQuestion
    from huaxiang.store.snapshots import Snapshot


class Project:
    """A project folder. Every question is answered from the snapshot served at that moment, or from the one chosen by `at`."""

    def __init__(self, folder: str | PathLike[str], *, which: str | None = None) -> None:
        self.folder = find_project(Path(folder))
        self._which = which

    def at(self, which: str) -> Project:
        """Return the project as an older snapshot shows it: by id, its beginning, or a date (what was known on that day)."""
        return Project(self.folder, which=which)

    def build(
        self,
        *,
        as_of: date | None = None,
        full: bool = False,
        engine: Literal["duckdb", "spark"] = "duckdb",
        progress: Callable[[str, int, int | None, str], None] | None = None,
    ) -> BuildResult:
        """Build and publish a new snapshot: `huaxiang build`."""
        from huaxiang.app.build import build

        return build(self.folder, as_of=as_of, full=full, engine=engine, progress=progress)

    def snapshot(self) -> Snapshot:
        """Open the snapshot itself: `manifest`, `table(name)` → Parquet path, `personas()`. Close it when done."""
        return open_snapshot(self.folder, self._which)

    def status(self) -> dict[str, Any]:
        """Return what `huaxiang status --json` prints."""
        from huaxiang.app.status import project_status

        return project_status(self.folder)

    def quality(self) -> dict[str, Any]:
        """Return what `huaxiang quality --json` prints."""
        from huaxiang.app.quality import quality

        with self.snapshot() as snapshot:
            return quality(snapshot)

    def tags(self) -> list[dict[str, Any]]:
        """Return the list of tags."""
        from huaxiang.app.tags import list_tags

        with self.snapshot() as snapshot:
            found: list[dict[str, Any]] = list_tags(snapshot)["tags"]
            return found

    def tag(self, name: str) -> dict[str, Any]:
        """Return what `huaxiang tag show NAME --json` prints."""
        from huaxiang.app.tags import show_tag

        with self.snapshot() as snapshot:
            return show_tag(snapshot, name)

    def customer(self, customer_id: str) -> dict[str, Any]:
        """Return what `huaxiang customer show ID --json` prints."""
        from huaxiang.app.customer import show_customer

        with self.snapshot() as snapshot:
            return show_customer(snapshot, customer_id)

    def personas(self) -> dict[str, Any]:
        """Return the persona sets with all cards, statements and figures."""
        with self.snapshot() as snapshot:
            return snapshot.personas()

    def audience(self, condition: str) -> Audience:
        """Return the customers who meet a condition, or are in the audience of that name. Nothing is read yet."""
        return Audience(self, condition)


@dataclass(frozen=True)
class Audience:
    """Customers who meet a condition; each call asks the snapshot anew. Raises ExpressionError for a bad condition."""

    project: Project
    condition: str

    def count(self) -> int:
        """Return how many customers meet it."""
        from huaxiang.app.audience import count_audience

        with self.project.snapshot() as snapshot:
            return int(count_audience(snapshot, self.condition)["count"])

    def ids(self) -> list[str]:
        """Return their customer IDs, ascending."""
        from huaxiang.app.audience import customer_ids

        with self.project.snapshot() as snapshot:
            return customer_ids(snapshot, self.condition)

    def export(self, to: str | PathLike[str], columns: tuple[str, ...] = ()) -> int:
        """Write them to a .csv or .parquet file with `columns` besides the ID; return the rows written."""
        from huaxiang.app.audience import export_audience

        with self.project.snapshot() as snapshot:
            return int(export_audience(snapshot, self.condition, Path(to), columns)["rows"])

    def rules(self, question: RuleQuestion | None = None) -> dict[str, Any]:
        """Return what `huaxiang audience rules CONDITION --json` prints: which values of tags go together among them."""
        from huaxiang.app.rules import RuleQuestion, find_rules

        with self.project.snapshot() as snapshot:
            return find_rules(snapshot, self.condition, question or RuleQuestion())

    def lookalikes(self, question: LookalikeQuestion, to: str | PathLike[str] | None = None) -> Lookalikes:
        """Find the other customers most like them: `huaxiang audience lookalike CONDITION`, with IDs and scores."""
        from huaxiang.app.lookalike import find_lookalikes

        with self.project.snapshot() as snapshot:
            return find_lookalikes(snapshot, self.condition, question, Path(to) if to is not None else None)
