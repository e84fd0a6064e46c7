"""What is told of sources, and how an uploaded file becomes one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.app.audience_shop import build_shop, write_shop

from huaxiang.app.build import build
from huaxiang.app.file_reading import READ_COLUMN_KEYS, READING_KEYS, Form, detect_type, examine
from huaxiang.app.rights import Caller
from huaxiang.app.sources import COLUMN_KEYS, SOURCE_DETAIL_KEYS, SOURCE_KEYS, SOURCES_KEYS, list_sources, show_source
from huaxiang.app.suggesting import suggest_entity, suggest_mapping
from huaxiang.app.uploads import MOST_FILES, UPLOAD_KEYS, drop_upload, find_upload, keep_upload
from huaxiang.app.wiring import open_snapshot
from huaxiang.app.wizard import PREVIEW_KEYS, SAVED_KEYS, Wanted, preview, save_source
from huaxiang.errors import NotKnown, ProjectInvalid, UsageError
from huaxiang.spec.loader import load_project
from huaxiang.store.snapshots import Snapshot

ANA = Caller("u1", "ana", "analyst")
BOB = Caller("u2", "bob", "analyst")
MEMBERS = """会员编号,姓名,性别,手机号,出生日期,消费金额,备注
M1,张三丰,男,13812345678,1990-05-01,12.50,好
M2,李四光,女,13912345678,1985/7/9,"1,300.00",
M3,王五一,男,不是号码,1999-01-01,7,
M4,赵六儿,女,13712345678,1970-02-03,8,坏,多一列
M5,钱七七,女,13612345678,1971-12-31,9.9,
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def snapshot(shop: Path) -> Iterator[Snapshot]:
    with open_snapshot(shop) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


def mapping(**changes: object) -> Wanted:
    columns = {"customer_key": {"from": "会员编号", "required": True}, "name": "姓名", "gender": "性别", "phone": "手机号",
               "birth_date": "出生日期", "spent": {"from": "消费金额", "type": "money"}}  # fmt: skip
    keys = {"purpose": "service", "legal_basis": "contract", "entity": "person", "title": {"zh": "新会员", "en": "New members"},
            "columns": columns}  # fmt: skip
    told = {key: changes.pop(key) for key in ("attributes", "expected") if key in changes}
    return Wanted(Form(header_row=1), keys | changes, **told)  # type: ignore[arg-type]


# Sources


def test_sources_tell_rows_freshness_and_keys(shop: Path, snapshot: Snapshot) -> None:
    told = list_sources(snapshot, shop, now=datetime(2026, 7, 10, tzinfo=UTC))
    assert set(told) == set(SOURCES_KEYS)
    found = {one["name"]: one for one in told["sources"]}
    assert set(found["members"]) == set(SOURCE_KEYS)
    assert found["members"]["loaded"] == 60
    assert found["members"]["keys"] == ["member_no", "phone"]
    assert found["members"]["age_days"] is None  # no dated rows
    newest = str(found["orders"]["last_at"])[:10]
    assert found["orders"]["age_days"] == (datetime(2026, 7, 10) - datetime.fromisoformat(newest)).days
    assert {one["state"] for one in found.values()} == {"built"}


def test_a_source_that_is_declared_only_is_new_and_one_that_is_built_only_is_gone(project: Path) -> None:
    build(project)
    text = (project / "sources/shop.yaml").read_text("utf-8").replace("name: visits", "name: pages")
    (project / "sources/shop.yaml").write_text(text, "utf-8")
    with open_snapshot(project) as snapshot:
        found = {one["name"]: one["state"] for one in list_sources(snapshot, project)["sources"]}
    assert found == {"members": "built", "orders": "built", "pages": "new", "visits": "gone"}


def test_columns_show_masked_examples_to_those_who_may_see_rows(shop: Path, snapshot: Snapshot) -> None:
    told = show_source(snapshot, shop, "members", examples=True)
    assert set(told) == set(SOURCE_DETAIL_KEYS)
    columns = {one["name"]: one for one in told["columns"]}
    assert set(columns["phone"]) == set(COLUMN_KEYS)
    assert all("****" in one for one in columns["phone"]["examples"])
    assert set(columns["gender"]["examples"]) == {"male", "female"}
    assert columns["phone"]["key"]
    assert not columns["gender"]["key"]
    assert columns["gender"]["from"] == ["sex"]
    assert 0.5 < columns["gender"]["complete"] < 1
    without = show_source(snapshot, shop, "members", examples=False)
    assert {str(one["examples"]) for one in without["columns"]} == {"None"}
    with pytest.raises(NotKnown):
        show_source(snapshot, shop, "nowhere", examples=False)


# Uploads


def test_a_file_is_kept_for_a_day_and_for_who_uploaded_it(tmp_path: Path) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    kept = keep_upload(tmp_path, ANA, "../../etc/a.csv", b"x\n1\n", now=then)
    assert set(kept) == set(UPLOAD_KEYS)
    assert kept["name"] == "a.csv"
    assert find_upload(tmp_path, ANA, kept["id"], now=then + timedelta(hours=23)).path.read_bytes() == b"x\n1\n"
    with pytest.raises(NotKnown):
        find_upload(tmp_path, BOB, kept["id"], now=then)
    with pytest.raises(NotKnown):
        find_upload(tmp_path, ANA, kept["id"], now=then + timedelta(hours=25))
    keep_upload(tmp_path, BOB, "b.csv", b"x\n", now=then + timedelta(hours=25))
    assert not (tmp_path / ".huaxiang/uploads" / kept["id"]).exists()


@pytest.mark.parametrize("name", ["", "..", "0" * 32, "../" * 4, "%2e%2e"])
def test_an_id_leads_to_no_other_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotKnown):
        find_upload(tmp_path, ANA, name)


def test_what_waits_is_limited(tmp_path: Path) -> None:
    ids = [keep_upload(tmp_path, ANA, "a.csv", b"x\n")["id"] for _ in range(MOST_FILES)]
    with pytest.raises(UsageError, match="too many"):
        keep_upload(tmp_path, ANA, "a.csv", b"x\n")
    drop_upload(tmp_path, ANA, ids[0])
    keep_upload(tmp_path, ANA, "a.csv", b"x\n")
    with pytest.raises(UsageError, match="ends with"):
        keep_upload(tmp_path, ANA, "a.exe", b"x")
    with pytest.raises(UsageError, match="empty"):
        keep_upload(tmp_path, BOB, "a.csv", b"")


# Reading


def test_encoding_delimiter_header_types_and_problems_are_found(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(
        ("会员名单导出\n" + MEMBERS).replace(",", ";").replace('"1;300.00"', '"1,300.00"').encode("gb18030")
    )
    told = examine(path, Form())
    assert set(told) == set(READING_KEYS)
    assert (told["encoding"], told["delimiter"], told["header_row"], told["rows"]) == ("gb18030", ";", 2, 4)
    assert [(one["row"], one["code"]) for one in told["problems"]] == [(6, "ragged_row")]
    columns = {one["name"]: one for one in told["columns"]}
    assert set(columns["姓名"]) == set(READ_COLUMN_KEYS)
    assert {name: one["type"] for name, one in columns.items() if name in ("会员编号", "性别", "出生日期", "消费金额")} == {
        "会员编号": "text", "性别": "gender", "出生日期": "date", "消费金额": "money",
    }  # fmt: skip
    assert all(one.endswith("**") for one in columns["姓名"]["examples"])
    assert "三丰" not in str(told)
    assert "13812345678" not in str(told)


def test_a_file_that_cannot_be_read_tells_why(tmp_path: Path) -> None:
    path = tmp_path / "data.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    told = examine(path, Form())
    assert told["fault"]["en"]
    assert told["columns"] == []


def test_sheets_are_listed(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.active.append(["请填写第二页"])
    sheet = book.create_sheet("名单")
    for row in (["手机", "城市"], ["13812345678", "上海"]):
        sheet.append(row)
    book.save(tmp_path / "data.xlsx")
    told = examine(tmp_path / "data.xlsx", Form(sheet="名单"))
    assert told["sheets"] == ["说明", "名单"]
    assert [one["name"] for one in told["columns"]] == ["手机", "城市"]


TYPES = (
    ("手机", ["13812345678", "13912345678"], "phone"), ("邮箱", ["a@b.example"], "email"), ("编号", ["0012", "0013"], "text"),
    ("订单号", ["20240101", "20240102"], "date"), ("order_id", ["912", "913"], "text"), ("数量", ["1", "2", "30"], "integer"),
    ("比例", ["0.5", "1.25"], "number"), ("实付金额", ["3.50", "7"], "money"), ("是否会员", ["是", "否"], "boolean"),
    ("下单时间", ["2024-01-01 10:00:00"], "datetime"), ("城市", ["上海", "北京"], "text"), ("x", [], "text"),
    ("学历", ["本科", "大专"], "education"), ("卡号", ["6222020000000000001"], "text"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "values", "type_"), TYPES, ids=[name for name, _, _ in TYPES])
def test_types_are_told_by_values_and_names(name: str, values: list[str], type_: str) -> None:
    assert detect_type(name, values) == type_


# Suggestions


def column(name: str, type_: str = "text", filled: float = 1.0) -> dict[str, object]:
    return {"name": name, "type": type_, "filled": filled}


def test_columns_are_proposed_by_name_content_and_project(project: Path) -> None:
    columns = [column("Mobile Phone", "phone"), column("联系手段", "phone"), column("sex"), column("出生日期", "date"),
               column("自编列", "integer"), column("空列", filled=0.0), column("收入水平")]  # fmt: skip
    found = suggest_mapping(load_project(project), "person", columns)
    assert [(one["field"], one["why"]) for one in found] == [
        ("phone", "name"), ("lian_xi_shou_duan", "own"), ("gender", "project"), ("birth_date", "name"), ("zi_bian_lie", "own"),
        (None, "none"), ("income_level", "catalogue"),
    ]  # fmt: skip


def test_no_field_is_proposed_twice(project: Path) -> None:
    columns = [column("手机"), column("手机号"), column("电话"), column("mobile")]
    fields = [one["field"] for one in suggest_mapping(load_project(project), "person", columns)]
    assert len(set(fields)) == len(fields)


ENTITIES = (
    (("会员号", "姓名", "性别"), "person"), (("订单号", "会员号", "下单时间", "金额"), "order"), (("订单号", "会员号", "商品", "数量", "金额"), "order_line"),
    (("用户ID", "事件", "时间", "页面"), "event"), (("会员号", "评价内容", "评分"), "text"), (("商品编号", "品牌"), "reference"),
)  # fmt: skip


@pytest.mark.parametrize(("names", "entity"), ENTITIES, ids=[entity for _, entity in ENTITIES])
def test_the_kind_of_rows_is_told_by_the_columns(names: tuple[str, ...], entity: str) -> None:
    assert suggest_entity([column(name) for name in names]) == entity


# The wizard


def test_a_mapping_is_tried_on_all_rows_and_shows_no_person(project: Path) -> None:
    upload = find_upload(project, ANA, keep_upload(project, ANA, "members_new.csv", MEMBERS.encode("gb18030"))["id"])
    told = preview(project, upload, "fresh", mapping())
    assert set(told) == set(PREVIEW_KEYS)
    assert (told["rows_in"], told["loaded"], told["set_aside"]) == (5, 3, 2)
    assert {(one["row"], one["column"], one["code"]) for one in told["rejected"]} == {
        (4, "phone", "phone"),
        (5, None, "ragged_row"),
    }
    assert told["rows"][1]["values"]["spent"] == "1300.0000"
    assert told["issues"] == []
    assert [one["name"] for one in told["new_attributes"]] == ["name", "spent"]
    assert "三丰" not in str(told)
    assert "12345678" not in str(told)
    assert not (project / "data/members_new.csv").exists()
    assert not (project / "sources/fresh.yaml").exists()


def test_many_try_the_same_file_at_once(project: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    upload = find_upload(project, ANA, keep_upload(project, ANA, "members_new.csv", MEMBERS.encode("gb18030"))["id"])
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: preview(project, upload, "fresh", mapping()), range(12)))
    assert all(one == told[0] for one in told)
    assert (told[0]["loaded"], told[0]["issues"]) == (3, [])


def test_a_saved_source_is_built(project: Path) -> None:
    upload = find_upload(project, ANA, keep_upload(project, ANA, "members_new.csv", MEMBERS.encode("gb18030"))["id"])
    saved = save_source(project, upload, "fresh", mapping(attributes=("spent",)))
    assert set(saved) == set(SAVED_KEYS)
    assert (saved["file"], saved["data"], saved["created"]) == ("sources/fresh.yaml", "data/members_new.csv", True)
    text = (project / "sources/fresh.yaml").read_text("utf-8")
    assert "gender: 性别\n" in text
    assert "customer_key: {from: 会员编号, required: true}" in text
    build(project)
    with open_snapshot(project) as snapshot:
        found = {one["name"]: one for one in list_sources(snapshot, project)["sources"]}
        assert found["fresh"]["loaded"] == 3
        assert "spent" in {one["name"] for one in snapshot.manifest["attributes"]}
    with pytest.raises(NotKnown):
        find_upload(project, ANA, str(upload.told["id"]))


def upload_of(project: Path, name: str = "members_new.csv") -> str:
    return str(keep_upload(project, ANA, name, MEMBERS.encode())["id"])


def test_a_source_is_replaced_by_who_has_read_it_only(project: Path) -> None:
    first = save_source(project, find_upload(project, ANA, upload_of(project)), "fresh", mapping())
    second = find_upload(project, ANA, upload_of(project))
    with pytest.raises(UsageError, match="already"):
        save_source(project, second, "fresh", mapping())
    with pytest.raises(UsageError, match="changed since"):
        save_source(project, second, "fresh", mapping(expected="0" * 32))
    saved = save_source(project, second, "fresh", mapping(expected=first["digest"], owner="crm"))
    assert (saved["created"], saved["data"]) == (False, "data/members_new_2.csv")
    assert load_project(project).sources["fresh"].owner == "crm"
    assert (project / "data/members_new.csv").exists()


def test_nothing_is_written_when_the_project_would_have_faults(project: Path) -> None:
    upload = find_upload(project, ANA, upload_of(project))
    wrong = mapping(columns={"customer_key": "没有这列", "name": "姓名"})
    before = sorted(path.name for path in (project / "data").iterdir())
    with pytest.raises(ProjectInvalid):
        save_source(project, upload, "fresh", wrong)
    assert sorted(path.name for path in (project / "data").iterdir()) == before
    assert not (project / "sources/fresh.yaml").exists()
    assert upload.path.exists()
    assert preview(project, upload, "fresh", wrong)["fault"]["en"]


def test_faults_that_were_there_before_do_not_hinder(project: Path) -> None:
    (project / "tags/bad.yaml").write_text("tags:\n  - {name: bad, kind: rule, when: nothing_here > 1}\n", "utf-8")
    saved = save_source(project, find_upload(project, ANA, upload_of(project)), "fresh", mapping())
    assert saved["created"]


def test_a_file_that_another_source_would_read_too_is_refused(project: Path) -> None:
    text = (project / "sources/shop.yaml").read_text("utf-8").replace("data/visits.csv", "data/v*.csv")
    (project / "sources/shop.yaml").write_text(text, "utf-8")
    with pytest.raises(UsageError, match="visits"):
        save_source(project, find_upload(project, ANA, upload_of(project, "vips.csv")), "fresh", mapping())


@pytest.mark.parametrize("name", ["", "Fresh", "a b", "../x", "新"])
def test_names_of_sources_are_plain(project: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name of a source"):
        save_source(project, find_upload(project, ANA, upload_of(project)), name, mapping())


def test_a_number_of_customers_fills_the_key_that_the_project_has(project: Path) -> None:
    for file, old, new in (
        ("identity/keys.yaml", "field: customer_key", "field: member_no"),
        ("sources/shop.yaml", "customer_key: id", "member_no: 会员号"),
    ):
        text = (project / file).read_text("utf-8")
        (project / file).write_text(text.replace(old, new), "utf-8")
    found = suggest_mapping(load_project(project), "person", [column("会员编号")])
    assert [(one["field"], one["why"]) for one in found] == [("member_no", "name")]
