"""Uploaded lists: matched to customers by any field, told by row, kept until nobody reads them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.app.audience_shop import build_shop, phone, rebuilt, write

from huaxiang.app.audience import customer_ids
from huaxiang.app.audience_index import open_index
from huaxiang.app.audiences.guesses import LISTS, UNKNOWN, refuse_closed, refuse_guesses
from huaxiang.app.audiences.lists import ListFile, remove_uploaded, upload_list, uploaded_lists
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import AccessDenied, UsageError


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, built once; tests work on copies."""
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def shop(once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once, tmp_path / "shop")


def csv(shop: Path, text: str) -> Path:
    path = shop / "list.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_list_is_matched_by_phone_however_it_is_written(shop: Path) -> None:
    file = csv(
        shop,
        f"mobile,note\n+86 {phone(3)},x\n{phone(5)[:3]}-{phone(5)[3:7]}-{phone(5)[7:]},y\n{phone(5)},z\n13999999999,\n,\nabc,\n",
    )
    with open_snapshot(shop) as snapshot:
        found = upload_list(snapshot, "vips", ListFile(file, "phone", "mobile"))
        assert {k: found[k] for k in ("rows", "matched", "unknown", "ambiguous", "empty", "customers", "unknown_rows", "replaced")} == {
            "rows": 6, "matched": 3, "unknown": 2, "ambiguous": 0, "empty": 1, "customers": 2, "unknown_rows": [5, 7], "replaced": False,
        }  # fmt: skip
        assert customer_ids(snapshot, "in_list('vips')") == ["M003", "M005"]
        again = upload_list(snapshot, "vips", ListFile(csv(shop, "member_no\nM009\n")))
        assert (again["field"], again["replaced"], customer_ids(snapshot, "in_list('vips')")) == (
            "member_no",
            True,
            ["M009"],
        )
        assert "13999" not in str(found)


def test_values_of_several_customers_are_ambiguous_and_told_by_row(shop: Path) -> None:
    rows = (shop / "data" / "members.csv").read_text("utf-8").splitlines()
    rows[2] = rows[2].replace(phone(1), phone(0))
    (shop / "data" / "members.csv").write_text("\n".join(rows) + "\n", "utf-8")
    with rebuilt(shop) as snapshot:
        index = open_index(snapshot).index
        assert None not in (index.row_of("M000"), index.row_of("M001")), "they share a phone, but not a birthday"
        found = upload_list(snapshot, "family", ListFile(csv(shop, f"phone\n{phone(0)}\n{phone(4)}\n")))
        assert (found["ambiguous"], found["ambiguous_rows"], found["customers"]) == (1, [2], 1)


def test_files_without_a_heading_and_of_other_formats(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        bare = upload_list(snapshot, "bare", ListFile(csv(shop, f"{phone(3)}\n{phone(4)}\n"), "phone"))
        assert (bare["rows"], bare["customers"], bare["column"]) == (2, 2, "1")
        pq.write_table(pa.table({"customer_id": ["M001", "M001", "nobody"]}), shop / "ids.parquet")
        found = upload_list(snapshot, "ids", ListFile(shop / "ids.parquet"))
        assert (found["rows"], found["matched"], found["unknown"], found["customers"]) == (3, 2, 1, 1)


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("mobile\n13800000003\n", {}, "--field"),
        ("a,b\n1,2\n", {"field": "phone"}, "--column"),
        ("phone\n13999999999\n", {}, "matches"),
        ("phone\n13800000003\n", {"field": "fone"}, 'did you mean "phone"'),
        ("phone\n13800000003\n", {"column": "fone"}, 'did you mean "phone"'),
    ],
)
def test_wrong_lists_are_refused(shop: Path, text: str, given: dict[str, str], said: str) -> None:
    with open_snapshot(shop) as snapshot, pytest.raises(UsageError, match=said) as caught:
        upload_list(snapshot, "x", ListFile(csv(shop, text), **given))
    assert "13999999999" not in str(caught.value)
    assert [one["name"] for one in uploaded_lists(shop)["lists"]] == ["chosen"]


@pytest.mark.parametrize("name", ["_kept.big", "../x", "", "a b", ".hidden"])
def test_bad_names_of_lists(shop: Path, name: str) -> None:
    with open_snapshot(shop) as snapshot, pytest.raises(UsageError, match="name of a list"):
        upload_list(snapshot, name, ListFile(csv(shop, "customer_id\nM001\n")))


def test_lists_tell_who_reads_them_and_are_not_removed_before(shop: Path) -> None:
    write(
        shop,
        "audiences:\n  - {name: fair, kind: static, list: chosen}\n  - {name: more, when: in_list('chosen') or good}\n",
    )
    (told,) = uploaded_lists(shop)["lists"]
    assert (told["name"], told["customers"], told["used_by"]) == ("chosen", 4, ["audience fair", "audience more"])
    with pytest.raises(UsageError, match="still read by audience fair"):
        remove_uploaded(shop, "chosen")
    write(shop, "")
    assert remove_uploaded(shop, "chosen")["removed"]
    assert uploaded_lists(shop)["lists"] == []


Costs = dict[str, tuple[int, int]]


class Day:
    """What a day allows, counted as the store does."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}
        self.asked: list[Costs] = []

    def __call__(self, amounts: Mapping[str, tuple[int, int]], refused: tuple[str, int]) -> str | None:
        self.asked.append(dict(amounts))
        over = next((what for what, (n, most) in amounts.items() if self.spent.get(what, 0) + n > most), None)
        if over is None:
            self.spent |= {what: self.spent.get(what, 0) + n for what, (n, _) in amounts.items()}
        return over


def test_numbers_that_people_gave_are_no_guesses() -> None:
    draw, day = random.Random(5), Day()
    honest = [f"+4477{draw.randrange(10**8):08d}" for _ in range(60_000)]
    for _ in range(3):  # masks show "+44" and four digits: some ends come 20 times
        refuse_guesses(pa.array(honest), "phone", day)
    assert day.asked[0].keys() == {"phone unknown", "phone lists", "phone alike"}
    assert day.asked[0]["phone unknown"] == (60_000, UNKNOWN)
    assert day.asked[0]["phone alike"][0] < 25
    before = dict(day.spent)
    for wrong in (
        [*honest[:50], *(f"+4477{n:04}1234" for n in range(80))],
        [*honest[:50], *(f"+44{n * 1237:06}1234" for n in range(80))],  # masks hide the operator, too
        [
            f"1{operator}{n:04}1234" for operator in range(30, 40) for n in range(7)
        ],  # with country code they do for all numbers
        [f"+86138{hidden:04}{end:04}" for hidden in range(70) for end in range(300)],  # a whole block: all ends alike
    ):
        with pytest.raises(UsageError, match="people gave"):
            refuse_guesses(pa.array(wrong), "phone", day)
    with pytest.raises(UsageError, match="200,000 in a day"):
        refuse_guesses(pa.array(honest), "phone", day)
    assert day.spent == before


def test_what_a_list_costs() -> None:
    day = Day()
    refuse_guesses(pa.array([], pa.string()), "phone", day)
    refuse_guesses(pa.array(["13800010001"]), "phone", day)
    refuse_guesses(pa.array(["13800010001", "15200010001", "13800010002"]), "phone", day)
    refuse_guesses(pa.array(["a1@qq.com", "a2@qq.com", "a@163.com"]), "email", day)
    refuse_guesses(pa.array(["M1", "M2"]), "member_no", day)  # of what is shown in full nothing is counted
    assert day.asked == [
        {},
        {"phone unknown": (1, UNKNOWN), "phone lists": (1, LISTS)},
        {"phone unknown": (3, UNKNOWN), "phone lists": (1, LISTS), "phone alike": (1, 400)},
        {"email unknown": (3, UNKNOWN), "email lists": (1, LISTS), "email alike": (1, 1_000)},
    ]


def test_a_random_list_of_two_hundred_thousand_is_taken() -> None:
    draw, day = random.Random(11), Day()
    refuse_guesses(pa.array(sorted({f"138{draw.randrange(10**8):08d}" for _ in range(200_000)})), "phone", day)
    assert day.spent["phone alike"] < 60


def test_lists_by_id_number_are_for_those_who_see_them() -> None:
    with pytest.raises(AccessDenied, match="unmask") as caught:
        refuse_closed("id_number")
    assert caught.value.zh is not None and "手机号" in caught.value.zh
    for kind in ("phone", "email", "member_no", "customer_id", "key"):
        refuse_closed(kind)


def test_refusals_say_what_was_too_much() -> None:
    for over, said in (
        ("list", "60"), ("alike", "400"), ("unknown", "200,000"), ("lists", "400"), ("refused", "5"),
    ):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            refuse_guesses(pa.array(["13800010001"]), "phone", lambda *_, over=over: f"phone {over}")
        assert said in str(caught.value) and said in str(caught.value.zh)
        assert "see numbers in full" in str(caught.value)
