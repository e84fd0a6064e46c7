"""The Python face of the product: the same answers as the command line's `--json`, as dictionaries.

```python
import huaxiang

shop = huaxiang.open("shop")
shop.build()
shop.audience("rfm_class = 'key_value' and days_since_last_order <= 30").count()
```
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.wiring import find_project, open_snapshot, snapshot_store

if TYPE_CHECKING:
    from huaxiang.app.audience_index import OpenIndex
    from huaxiang.app.build import BuildResult
    from huaxiang.app.lookalike import LookalikeQuestion, Lookalikes
    from huaxiang.app.rules import RuleQuestion
    from huaxiang.store.snapshots import Snapshot


class Project:
    """A project folder. Every question is answered from the snapshot served at that moment, or from the one chosen by `at`."""

    def __init__(self, folder: str | PathLike[str], *, which: str | None = None) -> None:
        self.folder = find_project(Path(folder))
        self._which = which
        self._store = snapshot_store(self.folder)
        self._index: tuple[str | None, OpenIndex] | None = None

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

    def audiences(self) -> list[dict[str, Any]]:
        """Return the declared audiences as the build left them: `huaxiang audience list`."""
        from huaxiang.app.audience import list_audiences

        with self.snapshot() as snapshot:
            found: list[dict[str, Any]] = list_audiences(snapshot)["audiences"]
            return found

    def audience(self, condition: str) -> Audience:
        """Return the customers who meet a condition, or are in the audience of that name. Nothing is read yet."""
        return Audience(self, condition)

    def audience_graph(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return what the project's audiences (or one) read, and who reads them: `huaxiang audience graph`."""
        from huaxiang.app.audiences.graph import audience_graph

        found: list[dict[str, Any]] = audience_graph(self.folder, name)["audiences"]
        return found

    def remove_audience(self, name: str) -> dict[str, Any]:
        """Take an audience out of the project's files: `huaxiang audience remove NAME`."""
        from huaxiang.app.audiences.editing import remove_audience

        return remove_audience(self.folder, name)

    def upload_list(
        self, name: str, file: str | PathLike[str], *, field: str | None = None, column: str | None = None
    ) -> dict[str, Any]:
        """Make a list of the customers that a file names, for `in_list('name')`: `huaxiang audience upload NAME`."""
        from huaxiang.app.audiences.lists import ListFile, upload_list

        with self.snapshot() as snapshot:
            return upload_list(snapshot, name, ListFile(Path(file), field, column))

    def lists(self) -> list[dict[str, Any]]:
        """Return the uploaded lists: `huaxiang audience lists`."""
        from huaxiang.app.audiences.lists import uploaded_lists

        found: list[dict[str, Any]] = uploaded_lists(self.folder)["lists"]
        return found

    def remove_list(self, name: str) -> dict[str, Any]:
        """Remove an uploaded list: `huaxiang audience remove-list NAME`."""
        from huaxiang.app.audiences.lists import remove_uploaded

        return remove_uploaded(self.folder, name)

    def index(self) -> OpenIndex:
        """The audience index of the snapshot: `select(condition)` → set of customers. Kept open until another snapshot is served.

        Raises UsageError for a snapshot that an older version built.
        """
        from huaxiang.app.audience_index import open_index

        served = self._store.current_id()
        if self._index is None or self._index[0] != served:
            with self.snapshot() as snapshot:
                self._index = served, open_index(snapshot)
                self._index[1].index.warm()
        return self._index[1]


@dataclass(frozen=True)
class Audience:
    """Customers who meet a condition, or a declared audience by its name; each call asks the snapshot served then.

    Raises ExpressionError for a bad condition, UsageError for an unknown audience or list.
    """

    project: Project
    condition: str

    def check(self) -> Audience:
        """Read and check the condition now, so that the next call only has to answer it; return this audience."""
        self.project.index().condition(self.condition)
        return self

    def count(self) -> int:
        """Return how many customers there are."""
        return self.project.index().count(self.condition)

    def ids(self) -> list[str]:
        """Return their customer IDs, ascending."""
        index = self.project.index()
        found: list[str] = index.ids(index.select(self.condition)).to_pylist()
        return found

    def stale(self) -> list[dict[str, Any]]:
        """Return which audiences that the condition is, or reads, became invalid and have the members of before; mostly none."""
        from huaxiang.app.audiences.staleness import stale_in

        return stale_in(self._snapshot(), self.condition)

    def export(self, to: str | PathLike[str], columns: tuple[str, ...] = ()) -> int:
        """Write them to a .csv or .parquet file with `columns` besides the ID; return the rows written."""
        from huaxiang.app.audience import export_audience

        return int(export_audience(self._snapshot(), self.condition, Path(to), columns)["rows"])

    def show(self) -> dict[str, Any]:
        """Return what is known of a declared audience: `huaxiang audience show NAME`."""
        from huaxiang.app.audience import show_audience

        return show_audience(self._snapshot(), self.condition)

    def breakdown(self, by: Sequence[str], base: str = "valid", *, limit: int = 20) -> dict[str, Any]:
        """Return counts, shares and TGI by tags, against everyone with a value (`valid`), everyone (`all`) or a condition."""
        from huaxiang.app.audiences.describing import breakdown

        return breakdown(self._snapshot(), self.condition, by, base, limit=limit)

    def overlap(self, *others: str) -> dict[str, Any]:
        """Return the matrix of customers in this audience and in others."""
        from huaxiang.app.audiences.describing import overlap

        return overlap(self._snapshot(), (self.condition, *others))

    def numbers(self, of: str) -> dict[str, Any]:
        """Return percentiles, mean and histogram of a number or date tag."""
        from huaxiang.app.audiences.figures import numbers

        return numbers(self._snapshot(), self.condition, of)

    def why(self, customer_id: str, *, unmask: bool = False) -> dict[str, Any]:
        """Return why a customer is among them, or isn't, part by part."""
        from huaxiang.app.audiences.reasons import why

        return why(self._snapshot(), self.condition, customer_id, unmask=unmask)

    def history(self) -> dict[str, Any]:
        """Return versions and sizes of a declared audience."""
        from huaxiang.app.audiences.changes import audience_history

        return audience_history(self._snapshot(), self.condition)

    def changes(self, since: str | None = None, *, ids: bool = False) -> dict[str, Any]:
        """Return who joined a declared audience and who left it since an older snapshot, by default the one before."""
        from huaxiang.app.audiences.changes import audience_changes

        return audience_changes(self._snapshot(), self.condition, since, ids=ids)

    def save(
        self,
        name: str,
        *,
        title: str | None = None,
        title_en: str | None = None,
        owner: str | None = None,
        description: str | None = None,
    ) -> dict[str, Any]:
        """Write the condition into the project's files as audience `name`: `huaxiang audience save NAME --when …`."""
        from huaxiang.app.audiences.editing import save_audience, wish_of

        asked = {
            "title": title,
            "title_en": title_en,
            "owner": owner,
            "description": description,
            "when": self.condition,
        }
        return save_audience(self.project.folder, name, wish_of(asked))

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

    def _snapshot(self) -> Snapshot:
        return self.project.index().snapshot
