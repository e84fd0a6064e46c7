"""One tag in full: what it means, its figures, how it is written, who reads it, and what the caller may do with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.tag_market.definitions import definition_of, digest_of_tag, same_figures, yaml_of
from huaxiang.app.tag_market.life import events_of, may_step, proposed
from huaxiang.app.tag_market.listing import before_of, cards_of
from huaxiang.app.tag_market.projects import project_or_none
from huaxiang.app.tag_market.words import words_of
from huaxiang.errors import UsageError
from huaxiang.plan.columns import output_names
from huaxiang.run.manifest import definition_hash

if TYPE_CHECKING:
    from huaxiang.app.rights import Caller
    from huaxiang.spec.loader import Project
    from huaxiang.spec.models import Tag
    from huaxiang.store.snapshots import Snapshot
    from huaxiang.store.state import StateStore

PAGE_KEYS = (
    "snapshot", "as_of", "customers", "before", "card", "columns", "distribution", "value_titles", "lineage", "sql", "words", "written",
    "yaml", "place", "digest", "proposal", "unbuilt", "steps", "may_edit", "may_remove", "last_event",
)  # fmt: skip
PROPOSAL_KEYS = ("definition", "yaml", "words", "same_figures")


def tag_page(folder: Path, snapshot: Snapshot, state: StateStore, name: str, caller: Caller) -> dict[str, Any]:
    """Return PAGE_KEYS of a tag, or of a column of one that writes several (`columns` names them; the tag's own name stands for the last).

    `written`: the definition as data, `digest`: what an edit has to name; None for what is in no file. `unbuilt`: whether the definition is
    another one than that of the figures. `proposal` (PROPOSAL_KEYS): the text that waits for approval. `steps`: those that the caller may
    take. Raises UsageError for an unknown tag.
    """
    project = project_or_none(folder)
    before = before_of(folder, snapshot)
    cards = cards_of(project, snapshot, before, state)
    names = [card["name"] for card in cards if name in (card["name"], card["definition"])]
    if not names:
        raise UsageError.unknown("tag", name, [card["name"] for card in cards])
    card = next(c for c in cards if c["name"] == (name if name in names else names[-1]))
    spec = project.tags.get(card["definition"]) if project else None
    built: dict[str, Any] = next((t for t in snapshot.manifest.get("tags", ()) if t["name"] == card["name"]), {})
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "customers": snapshot.manifest["customers"],
        "before": {"snapshot": before.id, "as_of": before.as_of} if before else None, "card": card,
        "columns": list(output_names(spec)) if spec is not None and len(output_names(spec)) > 1 else [],
        "distribution": built.get("distribution"), "value_titles": built.get("values") or {}, "lineage": built.get("lineage") or [],
        "sql": built.get("sql"), **_written(project, spec, built), **_life(state, caller, spec, project),
    }  # fmt: skip


def _written(project: Project | None, spec: Tag | None, built: dict[str, Any]) -> dict[str, Any]:
    if project is None or spec is None:
        told = {"zh": built.get("definition") or "", "en": built.get("definition") or ""}
        return dict.fromkeys(("written", "yaml", "digest")) | {
            "words": told,
            "place": built.get("place"),
            "unbuilt": False,
        }
    written = definition_of(spec)
    return {
        "words": words_of(project, spec), "written": written, "yaml": yaml_of(written), "place": str(project.place("tags", spec.name)),
        "digest": digest_of_tag(spec), "unbuilt": bool(built) and built.get("definition_hash") != definition_hash(spec),
    }  # fmt: skip


def _life(state: StateStore, caller: Caller, spec: Tag | None, project: Project | None) -> dict[str, Any]:
    if spec is None or project is None:
        return {"proposal": None, "steps": [], "may_edit": False, "may_remove": False, "last_event": None}
    events = events_of(state, spec.name)
    waiting = proposed(state, spec.name)
    return {
        "proposal": _proposal(project, spec, waiting) if waiting else None, "steps": may_step(state, caller, spec.name, spec.status),
        "may_edit": caller.may("define_tags"), "may_remove": caller.may("define_tags" if spec.status == "draft" else "approve"),
        "last_event": {key: value for key, value in events[0].items() if key != "definition"} if events else None,
    }  # fmt: skip


def _proposal(project: Project, spec: Tag, waiting: dict[str, Any]) -> dict[str, Any]:
    from huaxiang.app.tag_market.checking import check_definition

    found = check_definition(project, waiting)
    same = same_figures(definition_of(spec), waiting)
    words = words_of(found.project, found.spec) if found.project is not None and found.spec is not None else None
    return {"definition": waiting, "yaml": yaml_of(waiting), "words": words, "same_figures": same}
