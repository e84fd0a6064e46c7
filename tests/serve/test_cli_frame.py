"""Help, languages, exit codes, errors, and how fast it starts."""

from __future__ import annotations

import ast
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from scripts.generate_cli_reference import main as generate_reference
from tests.published import publish_sample
from tests.serve.conftest import Answer

from huaxiang.serve.cli.framework import LazyGroup
from huaxiang.serve.cli.main import choose_language, cli
from huaxiang.serve.cli.texts import LANGUAGES, catalogue, speak

Run = Callable[..., Answer]
SOURCE = Path(__file__).parents[2] / "src" / "huaxiang" / "serve" / "cli"


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, LazyGroup):
        for name in command.lazy:
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from walk(found, (*path, name))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_command_has_help(run: Run, lang: str) -> None:
    for path, _ in walk(cli):
        answer = run(*path, "--help", "--lang", lang) if not path else run("--lang", lang, *path, "--help")
        assert answer.code == 0, (path, answer.err)
        assert ("Options" in answer.out) == (lang == "en"), path


def test_both_catalogues_have_the_same_texts_with_the_same_gaps() -> None:
    chinese, english = (catalogue(lang) for lang in LANGUAGES)
    assert chinese.keys() == english.keys()
    for key, text in chinese.items():
        gaps = re.compile(r"\{(\w+)\}")
        assert set(gaps.findall(text)) == set(gaps.findall(english[key])), key
        if not key.startswith(("unit.", "kind.rfm", "persona.base")):
            assert text != english[key] or text.isascii(), key


def test_every_text_that_the_code_names_exists() -> None:
    known = catalogue("en")
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t" and node.args:
                argument = node.args[0]
                if isinstance(argument, ast.Constant):
                    assert argument.value in known, f"{path.name}: {argument.value}"


def test_the_language_is_asked_for_then_the_environment_then_the_projects(tmp_path: Path) -> None:
    (tmp_path / "huaxiang.yaml").write_text("name: a\nlanguage: en # ok\n")
    (tmp_path / "deep").mkdir()
    assert choose_language(["status"], {}, tmp_path / "deep") == "en"
    assert choose_language(["status", "--project", str(tmp_path)], {}, Path("/")) == "en"
    assert choose_language(["status"], {"HUAXIANG_LANG": "zh-CN"}, tmp_path) == "zh-CN"
    assert choose_language(["status", "--lang=en"], {"HUAXIANG_LANG": "zh-CN"}, tmp_path) == "en"
    assert choose_language([], {}, Path("/")) == "zh-CN"


def test_wrong_use_exits_2_and_helps(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run().code == 0
    for words in (["adience"], ["status", "--jsn"], ["tag", "show"], ["status"], ["status", "--project", "nowhere"]):
        answer = run(*words, "--lang", "en") if words != ["adience"] else run(*words)
        assert (answer.code, answer.out) == (2, ""), words
        assert "Traceback" not in answer.err
    assert "是不是“audience”？" in run("adience").err


def test_an_unexpected_error_goes_to_a_log_without_customers_values(
    shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise KeyError("1380013" + str(8000))

    monkeypatch.setattr("huaxiang.serve.cli.commands.customer.show_customer", break_down)
    answer = run("customer", "13800138000")
    (log,) = (shop / ".huaxiang" / "logs").iterdir()
    assert answer.code == 1
    assert str(log) in answer.err
    assert "Traceback" not in answer.err
    written = log.read_text("utf-8")
    assert "break_down" in written
    assert "KeyError" in written
    assert "13800138000" not in written + answer.err


def test_a_damaged_snapshot_is_one_clear_message(shop: Path, run: Run) -> None:
    for path in (shop / ".huaxiang" / "snapshots").glob("*/tables/customers.parquet"):
        path.unlink()
    answer = run("audience", "count", "big")
    assert answer.code == 1
    assert "缺少 tables/customers.parquet" in answer.err
    assert "huaxiang build" in answer.err


def processor_seconds(*arguments: str, cwd: Path) -> float:
    """Processor time of a Python with these arguments."""
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=cwd, check=True, capture_output=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


COMMANDS = (
    # `--help` in 0.1 s and a count in 0.5 s where Click takes 0.1 s to be imported and PyArrow 0.2 s
    (("--help",), "import click, importlib.metadata, json, pathlib", {"numpy", "pyarrow", "sqlglot", "pydantic", "duckdb"}),
    (("audience", "count", "spend > 500 and city = '上海'"), "import pyarrow.parquet", {"duckdb", "sklearn", "fastapi", "pydantic"}),
)  # fmt: skip


@pytest.mark.parametrize(("arguments", "like", "without"), COMMANDS)
def test_commands_start_as_fast_as_what_they_cannot_do_without(
    tmp_path: Path, arguments: tuple[str, ...], like: str, without: set[str]
) -> None:
    publish_sample(tmp_path).close()
    ours, theirs = (
        min(processor_seconds(*words, cwd=tmp_path) for _ in range(3))
        for words in (("-m", "huaxiang.serve.cli.main", *arguments), ("-c", like))
    )
    assert ours < 5 * theirs
    told = "import sys; from huaxiang.serve.cli.main import main; code = main(sys.argv[1:]); print(*sys.modules); sys.exit(code)"
    done = subprocess.run(
        [sys.executable, "-c", told, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert not without & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "banned"),
    [
        (["--help"], {"rich", "duckdb", "sqlglot", "pydantic", "pyarrow", "numpy", "sklearn", "pandas", "ruamel", "jinja2"}),
        (["audience", "count", "big_women"], {"rich", "pydantic", "sklearn", "scipy", "ruamel", "jinja2", "duckdb", "fastapi"}),
        (["audience", "count", "spend > 500 and city = '上海' and last_order > '2024-04-02' and orders > 1 and not vip"],
         {"rich", "pydantic", "sklearn", "scipy", "ruamel", "jinja2", "duckdb", "fastapi", "pandas", "pyarrow.compute"}),
        (["audience", "breakdown", "spend > 500", "--by", "city"], {"pydantic", "sklearn", "scipy", "ruamel", "duckdb", "pandas"}),
    ],
)  # fmt: skip
def test_nothing_heavy_is_imported(tmp_path: Path, arguments: list[str], banned: set[str]) -> None:
    publish_sample(tmp_path).close()
    script = (
        "import sys; from huaxiang.serve.cli.main import main; code = main(sys.argv[1:])\n"
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert banned & set(result.stderr.split()) == set()


def test_output_survives_a_closed_pipe_and_a_plain_locale(shop: Path) -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    command = f"{sys.executable} -m huaxiang.serve.cli.main tag list | head -1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=shop, env=env, capture_output=True, check=False
    )
    assert "标识" in result.stdout.decode()
    assert b"Traceback" not in result.stderr


@pytest.fixture(autouse=True)
def restore_language() -> Iterator[None]:
    yield
    speak("zh-CN")


def test_the_reference_in_docs_is_current() -> None:
    assert generate_reference(["--check"]) == 0, "run python scripts/generate_cli_reference.py"


def test_a_folder_that_is_gone_is_no_crash(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); from huaxiang.serve.cli.main import main; sys.exit(main(['status']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "当前文件夹已被删除" in done.stderr


def test_a_file_in_place_of_the_state_folder_is_named(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\n")
    (tmp_path / ".huaxiang").write_text("")
    monkeypatch.chdir(tmp_path)
    answer = run("status", "--lang", "en")
    assert answer.code == 1
    assert "a file is where a folder is expected" in answer.err
