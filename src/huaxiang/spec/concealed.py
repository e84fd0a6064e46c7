"""Where definitions may hold a secret by mistake, and what faults say there in place of the value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from huaxiang.errors import Said
from huaxiang.spec.login import HINTS, HINTS_ZH, ISSUER, SECRET

_PLACES: Mapping[tuple[str, ...], Said] = MappingProxyType({
    ("oidc", "issuer"): Said(HINTS[ISSUER], HINTS_ZH[ISSUER]),
    ("oidc", "client_secret"): Said(HINTS[SECRET], HINTS_ZH[SECRET]),
    ("sources", "database"): Said(
        "must be a mapping: url, and table or query; what stands there is not shown, since it may hold a password",
        "必须是键值对：url，以及 table 或 query；其中可能含有密码，这里不显示",
    ),
    ("sources", "database", "url"): Said(
        "must be text: the URL of the database, or better env:NAME of an environment variable that holds it; what stands there is not "
        "shown, since it may hold a password",
        "必须是文本：数据库的连接地址，最好写 env:名称（存放它的环境变量）；其中可能含有密码，这里不显示",
    ),
})  # fmt: skip

_TEXTS = tuple(place for place in _PLACES if place != ("sources", "database"))


def concealed(path: Sequence[str | int]) -> Said | None:
    """What a fault says of a value that is not shown, after the name of its key; None for a value that may be shown."""
    return _PLACES.get(tuple(part for part in path if isinstance(part, str)))


def is_within(path: Sequence[str | int]) -> bool:
    """Whether a node of a file lies where nothing but such a text belongs: then its keys and tags are not shown either."""
    names = tuple(part for part in path if isinstance(part, str))
    return any(names[: len(place)] == place for place in _TEXTS)
