"""The built-in catalogue of customer attributes, read from `templates/catalogue/*.yaml` (one file a class)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from pydantic import ConfigDict, Field

from huaxiang.spec.models import Name, Spec, Text

AttributeClass = Literal[
    "demographic", "consumption", "psychographic", "social", "relationship", "health", "technical", "business"
]
ValueKind = Literal["boolean", "enum", "text", "integer", "number", "money", "date", "datetime", "list"]
Sensitivity = Literal["public", "personal", "sensitive"]
Had = Literal["fact", "computed", "survey", "predicted", "text"]
ListName = Literal["A", "B", "C"]

CLASS_TITLES: Mapping[str, Text] = MappingProxyType(
    {
        "demographic": Text(zh="人口统计", en="Demographic"),
        "consumption": Text(zh="消费行为", en="Consumption behaviour"),
        "psychographic": Text(zh="心理特征", en="Psychographic"),
        "social": Text(zh="社会关系", en="Social relations"),
        "relationship": Text(zh="客户关系", en="Customer relationship"),
        "health": Text(zh="健康", en="Health"),
        "technical": Text(zh="技术特征", en="Technical"),
        "business": Text(zh="企业客户", en="Business customers"),
        "other": Text(zh="其他", en="Other"),
    }
)
"""Class → title, in the order in which classes are shown."""

HAD_TITLES: Mapping[str, Text] = MappingProxyType(
    {
        "fact": Text(zh="来源事实", en="fact from a source"),
        "computed": Text(zh="行为计算", en="computed from behaviour"),
        "survey": Text(zh="问卷访谈", en="survey or interview"),
        "predicted": Text(zh="模型预测", en="predicted"),
        "text": Text(zh="文本提取", en="drawn from text"),
    }
)


class CatalogueItem(Spec):
    """One attribute of the standard catalogue.

    `lists` names the published lists that hold it: A and B the two 四类43项 lists, C the ten-category list; empty for
    items that the product adds. `off_by_default` items are refused unless the project sets `sensitive: true`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    code: Name
    zh: str
    en: str
    class_: AttributeClass = Field(alias="class")
    value_type: ValueKind = Field(alias="type")
    sensitivity: Sensitivity
    off_by_default: bool = Field(False, alias="off")
    had: tuple[Had, ...] = Field(min_length=1)
    lists: tuple[ListName, ...] = ()
    hint: Text

    @property
    def title(self) -> Text:
        """Title in both languages."""
        return Text(zh=self.zh, en=self.en)


class Catalogue(Mapping[str, CatalogueItem]):
    """All items by code, in the order of the classes and of the files."""

    def __init__(self, items: Mapping[str, CatalogueItem]) -> None:
        self._items = dict(items)

    def __getitem__(self, code: str) -> CatalogueItem:
        return self._items[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def attributes(self) -> tuple[CatalogueItem, ...]:
        """The items in order."""
        return tuple(self._items.values())


@cache
def load_catalogue() -> Catalogue:
    """Read the catalogue; a code that occurs twice is a ValueError."""
    from ruamel.yaml import YAML

    folder = files("huaxiang") / "templates" / "catalogue"
    items: dict[str, CatalogueItem] = {}
    for class_ in CLASS_TITLES:
        path = folder / f"{class_}.yaml"
        if not path.is_file():
            continue
        for entry in YAML(typ="safe", pure=True).load(path.read_text("utf-8")):
            item = CatalogueItem.model_validate(entry | {"class": class_})
            if item.code in items:
                raise ValueError(f"catalogue/{class_}.yaml: attribute {item.code} is there twice")
            items[item.code] = item
    return Catalogue(items)


def catalogue_markdown() -> str:
    """Return the catalogue as the tables of docs/attributes.md, one section a class."""
    parts: list[str] = []
    for class_, title in CLASS_TITLES.items():
        items = [item for item in load_catalogue().attributes if item.class_ == class_]
        if items:
            parts += [f"### {title.zh} · {title.en} (`{class_}`)", "", _HEAD, _RULE, *map(_markdown_row, items), ""]
    return "\n".join(parts)


_HEAD = "| code | 名称 · name | type | sensitivity | how it is had | lists | 怎样填充 · what it takes |"
_RULE = "| --- | --- | --- | --- | --- | --- | --- |"


def _markdown_row(item: CatalogueItem) -> str:
    sensitivity = f"{item.sensitivity}, off by default" if item.off_by_default else item.sensitivity
    cells = (
        f"`{item.code}`", f"{item.zh} · {item.en}", item.value_type, sensitivity, ", ".join(item.had), " ".join(item.lists) or "–",
        f"{item.hint.zh} · {item.hint.en}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"
