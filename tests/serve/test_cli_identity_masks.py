"""What `huaxiang identity` and its neighbours show of keys that are personal, and of values that did not count."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.serve.identity_shop import SOURCES, Run, build_shop, enter_copy

from huaxiang.app.build import build


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("identity") / "shop")


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter_copy(built, tmp_path / "shop", monkeypatch)


OPEN_IDS = ("o6Gxt2unionid0000000001", "o6Gxt2unionid0000000002")


@pytest.fixture(scope="module")
def wechat(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with IDs as WeChat gives them, and an attribute and a tag that show them."""
    folder = tmp_path_factory.mktemp("wechat") / "shop"
    shutil.copytree(built, folder)
    text = (folder / "crm.csv").read_text("utf-8")
    for short, long in zip(("U1", "U2"), OPEN_IDS, strict=True):
        text = text.replace(short, long)
    (folder / "crm.csv").write_text(text, "utf-8")
    attribute = "attributes:\n  - {name: wechat_id, source: crm, value: unionid}\ntags:\n  - {name: wechat_tag, kind: fact, from: wechat_id}\n"
    (folder / "sources" / "all.yaml").write_text(SOURCES + attribute, "utf-8")
    build(folder)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("identity", "explain", "M1"), ("identity", "explain", "M2"), ("identity", "review"), ("identity", "status"),
        ("identity", "dry-run"), ("customer", "M1"), ("customer", "M2", "--provenance"), ("tag", "show", "wechat_tag"),
        ("customer", "search", "o6Gxt2"), ("attribute", "list"),
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("json", [True, False])
def test_personal_keys_are_shown_masked(
    wechat: Path, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], *, json: bool
) -> None:
    monkeypatch.chdir(wechat)
    answer = run(*words, *(["--json"] if json else []))
    assert answer.code == 0, answer.err
    told = answer.out.replace('"o6Gxt2"', "")  # the text that was searched for
    for secret in (*OPEN_IDS, "13810000001", "13899999999"):
        assert secret not in told
    if words[:2] in (("identity", "explain"), ("customer", "M1"), ("customer", "M2")):
        assert "o6****0" in told
        assert any(i in run(*words, "--unmask").out for i in OPEN_IDS)
    for manifest in (wechat / ".huaxiang" / "snapshots").glob("*/manifest.json"):
        assert not any(i in manifest.read_text("utf-8") for i in OPEN_IDS)


def test_a_snapshot_that_does_not_say_what_is_personal_shows_no_keys(project: Path, run: Run) -> None:
    import json

    path = next((project / ".huaxiang" / "snapshots").glob("*/manifest.json"))
    told = json.loads(path.read_text("utf-8"))
    told["identity"].pop("personal")
    path.write_text(json.dumps(told), "utf-8")
    found = run("identity", "explain", "M2", "--json").json
    assert {r["fields"]["member_no"] for r in found["records"]} == {"****"}
    assert {r["fields"]["name"] for r in found["records"] if "name" in r["fields"]} == {"李娜"}


def test_explain_says_which_values_did_not_count_and_status_shows_them(project: Path, run: Run) -> None:
    (told,) = [r["not_counted"] for r in run("identity", "explain", "M7", "--json").json["records"] if r["not_counted"]]
    assert told == [{"key": "phone", "field": "phone", "value": "138****9999", "reason": "held_back", "records": 6}]
    assert "138****9999" in run("identity", "explain", "M7").out
    assert "joined nothing" in run("identity", "explain", "M7").out
    assert "joined nothing" not in run("identity", "explain", "M4").out
    for command in ("status", "dry-run"):
        assert [h["value"] for h in run("identity", command, "--json").json["held_back"]] == ["138****9999"]
        assert "13899999999" in run("identity", command, "--unmask").out
    (project / "sources" / "all.yaml").write_text(
        SOURCES.replace("max_records: 5", 'blocked: ["13810000005"]'), "utf-8"
    )
    build(project)
    reasons = [
        n["reason"] for r in run("identity", "explain", "M5", "--json").json["records"] for n in r["not_counted"]
    ]
    assert reasons == ["blocked"]
