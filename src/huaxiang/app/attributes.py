"""Which catalogue attributes a project fills, how far, and what it would take to fill the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from huaxiang.app.catalogue import CLASS_TITLES, CatalogueItem, load_catalogue
from huaxiang.errors import Issue, Said
from huaxiang.plan.columns import HOUSEHOLD_TYPES, derived_types
from huaxiang.spec.faults import definition
from huaxiang.spec.models import AttributeSpec, RfmTag, RuleTag, Text

if TYPE_CHECKING:
    from huaxiang.spec.loader import Project

Manifest = Mapping[str, object]


@runtime_checkable
class HasManifest(Protocol):
    """A snapshot, as far as it is needed here."""

    @property
    def manifest(self) -> Manifest:
        """The snapshot's manifest."""


@dataclass(frozen=True)
class Filler:
    """One definition that fills an attribute; `coverage` is the share of `base` with a value, None before a build.

    `rule`: a rule tag, which says no where it does not know, so that its coverage is always full. `base`: whose values
    they are.
    """

    kind: Literal["attribute", "tag", "household"]
    name: str
    title: Text
    coverage: float | None
    rule: bool = False
    base: Literal["customers", "accounts"] = "customers"


@dataclass(frozen=True)
class AttributeRow:
    """One line of `huaxiang attribute list`; `needs` is None once filled."""

    code: str
    title: Text
    class_: str
    class_title: Text
    value_type: str
    sensitivity: str
    off_by_default: bool
    had: tuple[str, ...]
    lists: tuple[str, ...]
    in_catalogue: bool
    filled_by: tuple[Filler, ...]
    needs: Text | None

    @property
    def names(self) -> frozenset[str]:
        """The code, and the names of all that fills it."""
        return frozenset({self.code, *(filler.name for filler in self.filled_by)})

    @property
    def filled(self) -> bool:
        """True when at least one definition fills it."""
        return bool(self.filled_by)

    @property
    def coverage(self) -> float | None:
        """Share of customers (of accounts, for theirs) with a value in the fullest filler, 0…1; None when unfilled or not yet built.

        Rule tags count only where nothing else fills the attribute.
        """
        known = [(f.rule, f.coverage) for f in self.filled_by if f.coverage is not None]
        facts = [coverage for rule, coverage in known if not rule]
        return max(facts or (coverage for _, coverage in known), default=None)

    def as_json(self) -> dict[str, object]:
        """Return the row with stable keys for `--json`."""
        return {
            "code": self.code,
            "title": self.title.model_dump(),
            "class": self.class_,
            "value_type": self.value_type,
            "sensitivity": self.sensitivity,
            "off_by_default": self.off_by_default,
            "had": list(self.had),
            "lists": list(self.lists),
            "in_catalogue": self.in_catalogue,
            "filled": self.filled,
            "coverage": self.coverage,
            "filled_by": [
                {
                    "kind": f.kind,
                    "name": f.name,
                    "title": f.title.model_dump(),
                    "coverage": f.coverage,
                    "rule": f.rule,
                    "base": f.base,
                }
                for f in self.filled_by
            ],
            "needs": self.needs.model_dump() if self.needs else None,
        }


def list_attributes(snapshot: HasManifest | Manifest | None, project: Project) -> tuple[AttributeRow, ...]:
    """Return every catalogue item in catalogue order, then the project's own attributes.

    `snapshot` (or its manifest) gives coverage; None before the first build. An attribute of the project fills the item
    whose code is its name, a tag the item named by its `attribute`, a household rule those that it gives customers.
    """
    fillers = _fillers(_manifest(snapshot), project)
    rows = [_row(item, tuple(fillers.pop(code, ()))) for code, item in load_catalogue().items()]
    rows += [_own_row(code, tuple(found), project) for code, found in fillers.items()]
    return tuple(rows)


def sensitive_issues(project: Project) -> tuple[Issue, ...]:
    """Return an ATT001 issue for each attribute or tag that fills an item that is off by default or declares class health, unless
    allowed.
    """
    if project.spec.sensitive:
        return ()
    off = {code for code, item in load_catalogue().items() if item.off_by_default}
    issues: list[Issue] = []
    for kind, name, class_ in _classes(project):
        if class_ == "health":
            said = Said(
                "of class health, which is off by default; remove it, or set `sensitive: true` in huaxiang.yaml "
                "once a legal basis and separate consent are in place",
                "属于健康类，默认关闭；请删去，或在取得合法依据与单独同意后，在 huaxiang.yaml 中写 `sensitive: true`",
            )
            issues.append(_off(project, kind, name, said))
    for kind, name, code in _uses(project):
        if code in off:
            said = Said(
                f'fills the sensitive catalogue attribute "{code}", which is off by default; remove it, '
                "or set `sensitive: true` in huaxiang.yaml once a legal basis and separate consent are in place",
                f"填充敏感的标准属性“{code}”，它默认关闭；请删去，"
                "或在取得合法依据与单独同意后，在 huaxiang.yaml 中写 `sensitive: true`",
            )
            issues.append(_off(project, kind, name, said))
    return tuple(issues)


def _off(project: Project, kind: str, name: str, said: Said) -> Issue:
    return Issue(project.place(f"{kind}s", name), "ATT001", said, about=definition(f"{kind}s", name))


def _classes(project: Project) -> Iterator[tuple[Literal["attribute", "tag"], str, str | None]]:
    """Yield (kind, name, declared class) of each attribute and tag that fills no catalogue item."""
    known = load_catalogue()
    for name, attribute in project.attributes.items():
        if name not in known:
            yield "attribute", name, attribute.class_
    for name, tag in project.tags.items():
        if tag.attribute not in known:
            yield "tag", name, tag.class_


def _uses(project: Project) -> Iterator[tuple[Literal["attribute", "tag"], str, str]]:
    """Yield (kind, name, attribute code) of each definition that fills an attribute."""
    for name in project.attributes:
        yield "attribute", name, name
    for name, tag in project.tags.items():
        if tag.attribute:
            yield "tag", name, tag.attribute


def _fillers(manifest: Manifest | None, project: Project) -> dict[str, list[Filler]]:
    found: dict[str, list[Filler]] = {}
    coverage = {kind: _coverages(manifest, f"{kind}s") for kind in ("attribute", "tag")}
    accounts = _coverages((manifest or {}).get("accounts"), "attributes")
    for kind, name, code in _uses(project):
        spec = project.attributes[name] if kind == "attribute" else project.tags[name]
        column = f"{name}_class" if isinstance(spec, RfmTag) else name  # of its five columns, the one that says most
        of_account = isinstance(spec, AttributeSpec) and spec.of == "account"
        share = accounts.get(name) if of_account else coverage[kind].get(column)
        found.setdefault(code, []).append(
            Filler(
                kind, name, title_of(spec.title, name), share, isinstance(spec, RuleTag),
                "accounts" if of_account else "customers",
            )
        )  # fmt: skip
    for name in (n for n in derived_types(project) if n in HOUSEHOLD_TYPES and n in load_catalogue()):
        rule = next(iter(project.households.values()))
        title = title_of(rule.title, rule.name)
        found.setdefault(name, []).append(Filler("household", rule.name, title, coverage["attribute"].get(name)))
    return found


def _coverages(manifest: object, key: str) -> dict[str, float]:
    entries = manifest.get(key, ()) if isinstance(manifest, Mapping) else ()
    if not isinstance(entries, Sequence):
        return {}
    return {str(e["name"]): float(e["coverage"]) for e in entries if e.get("coverage") is not None}


def _manifest(snapshot: HasManifest | Manifest | None) -> Manifest | None:
    return snapshot.manifest if isinstance(snapshot, HasManifest) else snapshot


def _row(item: CatalogueItem, filled_by: tuple[Filler, ...]) -> AttributeRow:
    return AttributeRow(
        code=item.code,
        title=item.title,
        class_=item.class_,
        class_title=CLASS_TITLES[item.class_],
        value_type=item.value_type,
        sensitivity=item.sensitivity,
        off_by_default=item.off_by_default,
        had=item.had,
        lists=item.lists,
        in_catalogue=True,
        filled_by=filled_by,
        needs=None if filled_by else item.hint,
    )


def _own_row(code: str, filled_by: tuple[Filler, ...], project: Project) -> AttributeRow:
    """A row for an attribute that the catalogue does not know."""
    spec = project.attributes.get(code)
    class_ = (spec.class_ if spec else None) or "other"
    return AttributeRow(
        code=code,
        title=title_of(spec.title if spec else None, code),
        class_=class_,
        class_title=CLASS_TITLES.get(class_, Text(zh=class_, en=class_)),
        value_type=(spec.type if spec else None) or "text",
        sensitivity="personal",
        off_by_default=False,
        had=("fact",) if spec else ("computed",),
        lists=(),
        in_catalogue=False,
        filled_by=filled_by,
        needs=None,
    )


def title_of(title: str | Text | None, name: str) -> Text:
    """Return a title in both languages; the name stands in for none."""
    if isinstance(title, Text):
        return title
    text = title or name
    return Text(zh=text, en=text)
