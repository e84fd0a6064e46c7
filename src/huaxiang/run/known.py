"""What the builds before know of people: the ledger, the scored pairs, and what was decided by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from huaxiang.run.context import AsOf, Build
from huaxiang.stages.unify import BLOCKED
from huaxiang.store.decisions import read_decisions
from huaxiang.store.secret import project_secret

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.learn.identity.decisions import Decisions
    from huaxiang.learn.identity.ledger import Ledger
    from huaxiang.learn.matching import MatchModel

STATE = "identity_model.json"
INDEX = "identity_index"


@dataclass(frozen=True)
class Known:
    """`ledger` and matching `model` of the last build (None: there was none, or nothing was matched), the definition that the model was
    trained for, the `index` of hashed blocking values; decisions by hand; `seen`: the day that new evidence is dated by (the as-of day,
    so that equal builds leave equal files); values that never link; `full`: nothing of the last build is taken over but IDs and history;
    the project's `secret`.
    """

    decisions: Decisions
    seen: str
    secret: bytes = field(repr=False)
    ledger: Ledger | None = None
    model: MatchModel | None = None
    definition: str | None = None
    index: pa.Table | None = None
    blocked: Sequence[str] = field(default=BLOCKED)
    full: bool = False


def load_known(build: Build, as_of: AsOf) -> Known:
    """Read what the last snapshot and the decisions file hold."""
    from huaxiang.learn.identity.decisions import Decisions
    from huaxiang.learn.identity.ledger import OWNERS, TABLES, Ledger

    decisions, seen = Decisions.parse(read_decisions(build.project.folder)), as_of.day.isoformat()
    secret, last = project_secret(build.project.folder), build.last
    names = {t["name"] for t in last.manifest["tables"]} if last is not None else set()
    if last is None or not set(TABLES) <= names:
        return Known(decisions, seen, secret, full=build.full)
    tables = {name: pq.read_table(last.table(name)) for name in (*TABLES, OWNERS) if name in names}
    ledger = Ledger.of(tables, (last.folder / STATE).read_text("utf-8"))
    definition = last.manifest["identity"].get("matching_definition")
    if definition is None or ledger.model is None:
        return Known(decisions, seen, secret, ledger, full=build.full)
    from huaxiang.learn.matching import MatchModel

    index = pq.read_table(last.table(INDEX)) if INDEX in names else None
    model = MatchModel.from_json(ledger.model)
    return Known(decisions, seen, secret, ledger, model, definition, index, full=build.full)
