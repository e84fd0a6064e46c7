"""Names of audiences and lists that there are not are told by their place in the condition."""

from __future__ import annotations

from typing import Any

import pytest

from huaxiang.app.condition_names import name_fault
from huaxiang.errors import Said, UsageError


@pytest.mark.parametrize(
    ("when", "path", "place"),
    [
        ("spend > 1 and\n  in_audience('it''s')", (), (2, 15, "'it''s'")),
        ("IN_AUDIENCE ( 'it''s' )", (), (1, 15, "'it''s'")),
        ({"all": [{"tag": "a", "op": "in", "values": ["in_audience('it''s')"]}, {"not": {"audience": "it's"}}]},
         ("all", 1, "not", "audience"), None),
        ({"any": ["a", {"sql": "not in_audience('it''s')"}]}, ("any", 1, "sql"), (1, 17, "'it''s'")),
        ({"top": 3, "by": "a", "among": "in_audience('it''s')"}, ("among",), (1, 13, "'it''s'")),
        ("in_list('it''s') or city = 'in_audience(''it''''s'')'", (), None),
        ("whole", (), None),
    ],
)  # fmt: skip
def test_a_name_is_found_in_text_and_tree(
    when: Any, path: tuple[str | int, ...], place: tuple[int, int, str] | None
) -> None:
    fault = name_fault(when, "audience", "it's", Said("unknown", "没有"))
    assert isinstance(fault, UsageError)
    assert (fault.code, fault.path) == ("CON004", path)
    if place is None:
        assert fault.line is None
    else:
        assert fault.text is not None and fault.span is not None
        assert (fault.line, fault.column, fault.text[slice(*fault.span)]) == place
