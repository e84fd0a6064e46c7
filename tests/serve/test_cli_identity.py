"""`huaxiang identity` on a small project that is really built."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.serve.identity_shop import SOURCES, Run, build_shop, enter_copy

from huaxiang.app.build import build
from huaxiang.app.deciding import DECISION_KEYS
from huaxiang.app.identity import EXPLAIN_KEYS, REVIEW_KEYS, STATUS_KEYS
from huaxiang.app.trying import DRY_RUN_KEYS, EVALUATE_KEYS, compare
from huaxiang.app.wiring import open_snapshot


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("identity") / "shop")


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter_copy(built, tmp_path / "shop", monkeypatch)


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("explain", "M1"), EXPLAIN_KEYS),
        (("status",), STATUS_KEYS),
        (("review",), REVIEW_KEYS),
        (("dry-run",), DRY_RUN_KEYS),
        (("split", "M1", "--records", "", "--why", "x"), None),
        (("accept", "1"), DECISION_KEYS),
        (("reject", "1"), DECISION_KEYS),
        (("merge", "M4", "M5", "--why", "x"), DECISION_KEYS),
    ],
    ids=lambda w: " ".join(w) if isinstance(w, tuple) and w and isinstance(w[0], str) else "",
)
def test_json_has_exactly_the_documented_keys(
    project: Path, run: Run, words: tuple[str, ...], keys: tuple[str, ...] | None
) -> None:
    answer = run("identity", *words, "--json")
    if keys is None:
        assert answer.code == 2
        return
    assert answer.code == 0, answer.err
    assert set(answer.json) == set(keys)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "words",
    [("explain", "M1"), ("explain", "M2"), ("status",), ("review",), ("dry-run",), ("accept", "1")],
    ids=" ".join,
)
def test_people_get_text_in_their_language(project: Path, run: Run, words: tuple[str, ...], lang: str) -> None:
    answer = run("identity", *words, "--lang", lang)
    assert answer.code == 0, answer.err
    assert "{" not in answer.out
    assert "None" not in answer.out
    assert "13810000" not in answer.out.replace("****", "")


def test_explain_tells_records_links_and_refusals(project: Path, run: Run) -> None:
    found = run("identity", "explain", "M1", "--json").json
    assert {r["source"] for r in found["records"]} == {"crm", "orders"}
    assert {e["rule"] for e in found["linked"]} == {"member", "phone"}
    assert all(e["first_seen"] for e in found["linked"])
    assert "138****0001" in str(found["records"])
    assert "13810000001" not in str(found)
    assert "13810000001" in str(run("identity", "explain", "M1", "--unmask", "--json").json)
    family = run("identity", "explain", "M4", "--json").json
    assert [(e["rule"], e["reason"], e["other"]) for e in family["refused"]] == [("phone", "description", "M5")]
    unknown = run("identity", "explain", "nobody")
    assert unknown.code == 2
    assert "customer search" in unknown.err


def test_status_names_what_was_held_back_and_counts_exact_keys_alone(project: Path, run: Run) -> None:
    found = run("identity", "status", "--json").json
    assert [(h["key"], h["records"]) for h in found["held_back"]] == [("phone", 6)]
    assert found["customers"] == 9
    assert found["exact_customers"] == 7
    assert found["waiting"] == []


def test_split_takes_effect_at_the_next_build_and_can_be_undone(project: Path, run: Run) -> None:
    before = run("identity", "explain", "M1", "--json").json
    second = next(r["digest"] for r in before["records"] if "138****0002" in str(r["fields"]) and r["source"] == "crm")
    made = run("identity", "split", "M1", "--records", second[:10], "--why", "brother", "--json").json
    assert (made["number"], made["kind"], made["takes_effect"]) == (1, "split", "next build")
    assert (made["records"], made["others"]) == (2, len(before["records"]) - 2)  # with the order by that phone
    assert run("identity", "explain", "M1", "--json").json["records"] == before["records"]
    assert run("identity", "status", "--json").json["waiting"] == [1]
    build(project)
    after = run("identity", "explain", "M1", "--json").json
    assert len(after["records"]) < len(before["records"])
    assert [d["why"] for d in after["decisions"]] == ["brother"]
    assert run("identity", "explain", "M1-2", "--json").code == 0
    with open_snapshot(project) as snapshot:
        orders = pq.read_table(snapshot.table("source_orders"), columns=["order_id", "customer_id"]).to_pylist()
        owners = {row["order_id"]: row["customer_id"] for row in orders}
        assert (owners["o1"], owners["o2"], owners["o3"]) == ("M1", "M1", "M1-2")
        customers = pq.read_table(snapshot.table("customers"), columns=["customer_id"])["customer_id"].to_pylist()
        assert "M1-2" in customers and len(customers) == snapshot.manifest["identity"]["customers"]
    assert run("identity", "undo", "1").code == 0
    build(project)
    again = run("identity", "explain", "M1", "--json").json
    assert {r["digest"] for r in again["records"]} == {r["digest"] for r in before["records"]}
    old = run("identity", "explain", "M1-2", "--json").json
    assert (old["customer_id"], old["asked"]) == ("M1", "M1-2")


def test_rows_that_a_key_would_lead_back_are_not_split_off(project: Path, run: Run) -> None:
    records = run("identity", "explain", "M1", "--json").json["records"]
    alone = next(r["digest"] for r in records if "138****0001" in str(r["fields"]) and r["source"] == "orders")
    crm = next(r["digest"] for r in records if "138****0001" in str(r["fields"]) and r["source"] == "crm")
    refused = run("identity", "split", "M1", "--records", alone, "--why", "x", "--lang", "en")
    assert refused.code == 2
    assert f"rows of orders belong to whoever has their phone, so record {alone[:12]} can't leave" in refused.err
    assert f"{crm[:12]} (crm)" in refused.err and "13810000001" not in refused.err
    assert (
        "按 phone 归属客户" in run("identity", "split", "M1", "--records", alone, "--why", "x", "--lang", "zh-CN").err
    )
    both = run("identity", "split", "M1", "--records", f"{alone},{crm}", "--why", "x", "--json").json
    assert both["records"] == 2


def test_a_merge_by_hand_redirects_and_unmerge_takes_it_back(project: Path, run: Run) -> None:
    assert run("identity", "merge", "M4", "M5", "--why", "same person").code == 0
    build(project)
    merged = run("identity", "explain", "M5", "--json").json
    assert merged["customer_id"] == "M4"
    assert [w["customer_id"] for w in merged["was"]] == ["M5"]
    made = run("identity", "unmerge", "M4", "--json").json
    assert (made["kind"], made["undoes"]) == ("undo", 1)
    build(project)
    assert run("identity", "explain", "M5", "--json").json["customer_id"] == "M5"


def test_an_automatic_merge_is_taken_back_by_a_decision(project: Path, run: Run) -> None:
    text = (project / "crm.csv").read_text("utf-8") + "M4,U9,,王芳\nM6,U9,,王芳\n"
    (project / "sources" / "all.yaml").write_text(SOURCES.replace(", limit: {values: 1}", ""), "utf-8")
    (project / "crm.csv").write_text(text, "utf-8")
    build(project)
    merged = run("identity", "explain", "M6", "--json").json["customer_id"]
    assert merged == run("identity", "explain", "M4", "--json").json["customer_id"]
    assert run("identity", "unmerge", merged, "--why", "two people", "--json").json["kind"] == "split"
    build(project)
    parted = [run("identity", "explain", c, "--json").json["customer_id"] for c in ("M4", "M6")]
    assert parted == ["M4", "M6"]


def test_review_is_answered_once(project: Path, run: Run) -> None:
    queue = run("identity", "review", "--json").json
    assert [(p["customers"], p["reason"]) for p in queue["pairs"]] == [(["M2", "M3"], "limit:member")]
    assert run("identity", "accept", "1", "--why", "asked her").code == 0
    assert run("identity", "review", "--json").json["pairs"] == []
    for again in ("accept", "reject"):
        refused = run("identity", again, "1", "--why", "asked again")
        assert refused.code == 2
        assert "identity undo 1" in refused.err
    assert run("identity", "status", "--json").json["decisions"] == 1
    assert run("identity", "undo", "1").code == 0
    assert run("identity", "reject", "1", "--why", "asked her mother").code == 0
    assert run("identity", "undo", "3").code == 0
    assert run("identity", "accept", "1", "--why", "her after all").code == 0
    build(project)
    assert run("identity", "explain", "M3", "--json").json["customer_id"] == "M2"
    wrong = run("identity", "accept", "99")
    assert wrong.code == 2


def test_the_queue_says_how_much_of_it_is_shown(project: Path, run: Run) -> None:
    text = (project / "crm.csv").read_text("utf-8") + "M6,U7,,钱一\nM7,U7,,孙二\n"
    (project / "crm.csv").write_text(text, "utf-8")
    build(project)
    whole = run("identity", "review", "--json").json
    assert (whole["total"], whole["offset"], len(whole["pairs"])) == (2, 0, 2)
    second = run("identity", "review", "--limit", "1", "--offset", "1", "--json").json
    assert second["pairs"] == whole["pairs"][1:]
    assert "2 pairs" in run("identity", "review").out
    shown = run("identity", "review", "--limit", "1", "--offset", "1").out
    assert "shown are 2–2" in shown
    assert "--offset" in shown
    assert "none after the first 7" in run("identity", "review", "--offset", "7").out


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        (("identity", "accept", "99"), "复核队列中没有第 99 对", "no pair 99"),
        (("identity", "undo", "77"), "没有生效中的第 77 号决定", "no decision 77"),
        (("identity", "explain", "nobody"), "没有这个 ID 的客户", "no customer with this ID"),
        (("customer", "nobody"), "没有这个 ID 的客户", "no customer with this ID"),
        (("identity", "merge", "M1", "M2"), "缺少选项 --why", "Missing option '--why'"),
        (("identity", "merge", "M1", "--why", "x"), "两个或更多不同的客户", "two or more different customers"),
        (("identity", "unmerge", "M1"), "没有客户并入 M1", "nothing was merged into M1"),
        (("identity", "accept"), "缺少参数 NUMBER", "Missing argument 'NUMBER'"),
        (("identity", "accept", "x"), "应为整数，不小于 1", "not a valid integer range"),
        (("identity", "review", "--limit", "0"), "1 到 10000", "not in the range"),
        (("identity", "review", "--limit"), "选项 --limit 后面要有值", "requires an argument"),
        (("identity", "review", "--nosuch"), "没有选项 --nosuch", "No such option"),
        (("identity", "status", "more"), "多出的参数：more", "unexpected extra argument"),
        (("identity", "evaluate", "nofile.csv"), "没有这个文件", "does not exist"),
        (("identity", "mrege"), "是不是“merge”", 'did you mean "merge"'),
        (("build", "--as-of", "2020"), "应为日期", "does not match the format"),
        (("tag", "show", "nosuch"), "没有名为“nosuch”的标签", 'unknown tag "nosuch"'),
        (("audience", "show", "nosuch"), "没有名为“nosuch”的人群", 'unknown audience "nosuch"'),
        (("persona", "show", "nosuch"), "没有名为“nosuch”的典型画像", 'unknown persona "nosuch"'),
        (("quality", "show", "nosuch"), "没有名为“nosuch”的数据源", 'unknown source "nosuch"'),
        (("account", "nosuch"), "没有企业客户", "has no accounts"),
        (("customer", "M1", "--snapshot", "nosuch"), "没有快照的编号以“nosuch”开头", "no snapshot begins with"),
        (("customer", "M1", "--snapshot", "1999-01-01"), "没有构建过快照", "no snapshot was built"),
    ],
    ids=lambda w: " ".join(w) if isinstance(w, tuple) else "",
)
def test_errors_speak_the_language_of_the_session(
    project: Path, run: Run, words: tuple[str, ...], zh: str, en: str
) -> None:
    chinese, english = (run(*words, "--lang", lang) for lang in ("zh-CN", "en"))
    if words == ("identity", "review", "--limit"):  # the option would take --lang for its value
        chinese, english = (run("identity", "review", "--lang", lang, "--limit") for lang in ("zh-CN", "en"))
    assert (chinese.code, english.code) == (2, 2)
    assert zh in chinese.err
    assert en in english.err
    assert en not in chinese.err


@pytest.mark.parametrize(
    "words",
    [
        ("merge", "M1", "--why", "x"), ("merge", "M1", "nobody", "--why", "x"), ("undo", "5"), ("unmerge", "M1"),
        ("split", "M1", "--records", "zz", "--why", "x"), ("evaluate", "nothing.csv"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_says_what_to_do_and_writes_nothing(project: Path, run: Run, words: tuple[str, ...]) -> None:
    answer = run("identity", *words)
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert not (project / ".huaxiang" / "identity" / "decisions.jsonl").exists()


def test_dry_run_shows_what_changed_rules_would_do_and_writes_nothing(project: Path, run: Run) -> None:
    unchanged = run("identity", "dry-run", "--json").json
    assert (unchanged["joins"], unchanged["parts"]) == ([], [])
    (project / "sources" / "all.yaml").write_text(SOURCES.replace(", limit: {values: 1}", ""), "utf-8")
    files = {p: p.stat().st_mtime_ns for p in project.rglob("*") if p.is_file()}
    found = run("identity", "dry-run", "--json").json
    assert [j["customers"] for j in found["joins"]] == [["M2", "M3"]]
    assert found["joins"][0]["because"] == ["unionid"]
    (project / "sources" / "all.yaml").write_text(SOURCES.replace("role: contact", "role: strong"), "utf-8")
    assert (
        run("identity", "dry-run", "--json").json["customers_after"] == 9
    )  # M4 and M5: the limit of `member` forbids it
    assert {p for p in project.rglob("*") if p.is_file()} == set(files)


def test_evaluate_against_a_truth(project: Path, run: Run) -> None:
    truth = project / "truth.csv"
    truth.write_text(
        "source,field,value,person_id\ncrm,member_no,M2,a\ncrm,member_no,M3,a\ncrm,member_no,M4,b\ncrm,member_no,M5,c\n"
        "orders,order_id,o4,b\norders,order_id,o7,b\norders,order_id,o99,b\n",
        "utf-8",
    )
    found = run("identity", "evaluate", str(truth), "--json").json
    assert set(found) == set(EVALUATE_KEYS)
    assert (found["rows"], found["missing"], found["anonymous"], found["people"]) == (5, 1, 1, 3)
    assert found["build"]["pairs"] == {"precision": 1.0, "recall": 0.5, "f1": 0.666667}
    assert found["build"]["clusters"] == {"precision": 0.5, "recall": 0.666667, "f1": 0.571429}
    assert found["exact"]["pairs"] == {"precision": 0.5, "recall": 1.0, "f1": 0.666667}
    assert "exact keys alone" in run("identity", "evaluate", str(truth)).out
    truth.write_text("a,b\n1,2\n")
    assert "person_id" in run("identity", "evaluate", str(truth)).err


def test_compare_counts_pairs_and_whole_clusters() -> None:
    found = compare(["a", "a", "b", "b", "c"], ["x", "x", "x", "y", "z"])
    assert found["pairs"] == {"precision": 0.333333, "recall": 0.5, "f1": 0.4}
    assert found["clusters"] == {"precision": 0.333333, "recall": 0.333333, "f1": 0.333333}


def test_a_merge_outlives_a_changed_record_and_is_told_when_it_cannot_be_followed(project: Path, run: Run) -> None:
    assert run("identity", "merge", "M4", "M5", "--why", "called").code == 0
    build(project)
    assert run("identity", "explain", "M5", "--json").json["customer_id"] == "M4"
    table = project / "crm.csv"
    table.write_text(table.read_text("utf-8").replace("M5,,13810000005,赵强", "M5,,13877777777,赵强强"), "utf-8")
    build(project)
    assert run("identity", "explain", "M5", "--json").json["customer_id"] == "M4"
    assert run("identity", "status", "--json").json["unmet"] == []
    table.write_text(table.read_text("utf-8").replace("M5,,13877777777,赵强强\n", ""), "utf-8")
    told = run("build", "--json")
    assert told.json["decisions_unmet"] == [1]
    assert run("identity", "status", "--json").json["unmet"] == [1]
    assert "could not be followed" in run("identity", "status").out
    assert run("identity", "undo", "1", "--why", "gone").code == 0
    assert run("identity", "undo", "2", "--why", "not yet").code == 0
    assert run("identity", "undo", "1", "--why", "gone after all").code == 0
    assert run("identity", "undo", "2", "--why", "again").code == 2


def test_a_search_says_who_was_found(project: Path, run: Run) -> None:
    attributes = (
        "attributes:\n  - {name: name, source: crm, value: name}\n  - {name: phone, source: crm, value: phone}\n"
    )
    with (project / "sources" / "all.yaml").open("a", encoding="utf-8") as file:
        file.write(attributes)
    build(project)
    by_name = run("customer", "search", "李娜").out
    assert ["M2", "李娜", "138****0003", "Name"] in [line.split() for line in by_name.splitlines()]
    by_key = run("customer", "search", "M4", "--limit", "1").out
    assert "138****0005" in by_key
    assert "13810000005" not in by_key
    assert "--limit" not in by_key, "she is the only one"
    everybody = run("customer", "search", "M", "--limit", "10000", "--json").json["found"]
    assert len(everybody) > 2
    for limit in (1, len(everybody) - 1, len(everybody), len(everybody) + 1):
        shown = run("customer", "search", "M", "--limit", str(limit), "--json").json["found"]
        assert shown == everybody[:limit]
        told = run("customer", "search", "M", "--limit", str(limit)).out
        assert (f"The first {limit} are shown" in told) == (limit < len(everybody))
