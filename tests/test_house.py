"""The house rules that no linter checks: commands in the READMEs, locked requirements, links, wording of committed files."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
LOCKS = ("build", "demo", "test", "ci")
HEADINGS = {"README.md": ("Quick start", "Tests"), "README.zh-CN.md": ("快速开始", "测试")}
LINK = re.compile(r"(?<!\!)\[[^\]\n]+\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ \\;]+)")


def committed() -> list[Path]:
    """The files that git knows, where this is a checkout; else the files that would be."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    """Committed files that are text, with it."""
    found = []
    for path in committed():
        data = path.read_bytes()
        if b"\0" not in data[:4096]:
            found.append((path, data.decode("utf-8", errors="replace")))
    return found


def pyproject() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(name: str) -> dict[str, str]:
    """Package → version of a lock file."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").splitlines()
    return {found[1]: found[2] for line in lines if (found := PIN.match(line))}


def first_command(text: str, heading: str) -> str:
    """The first command of the code block below a second-level heading."""
    section = re.search(rf"^## {re.escape(heading)}\s*$(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert section, f"no heading {heading}"
    block = re.search(r"```[a-z]*\n(.*?)```", section[1], re.S)
    assert block, f"no code block below {heading}"
    return block[1].strip().splitlines()[0]


def bootstrap() -> ModuleType:
    """run.py as a module."""
    spec = importlib.util.spec_from_file_location("huaxiang_bootstrap", ROOT / "run.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ------------------------------------------------------------------------------------------------------- commands


@pytest.mark.parametrize("readme", READMES)
def test_readmes_begin_with_the_two_commands(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    start, tests = HEADINGS[readme]
    assert first_command(text, start) == "python3 run.py demo"
    assert first_command(text, tests) == "python3 run.py test"


def test_every_run_py_command_in_the_documents_exists() -> None:
    usage = subprocess.run(
        [sys.executable, "run.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^  ([a-z]+)  ", usage, re.M))
    assert {"demo", "test", "lint", "long", "ci", "lock", "install"} == known
    for path, text in texts():
        if path.suffix == ".md":
            used = set(re.findall(r"run\.py ([a-z]+)", text))
            assert used <= known, f"{path.name} names unknown commands of run.py: {used - known}"


def test_run_py_refuses_an_unknown_command_with_exit_code_2() -> None:
    done = subprocess.run([sys.executable, "run.py", "dance"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no command 'dance'" in done.stderr
    assert "Traceback" not in done.stderr


def test_huaxiang_commands_in_the_documents_exist() -> None:
    """Each `huaxiang WORD` in a code span or block of the READMEs and docs/ is a command of the CLI."""
    from huaxiang.serve.cli.main import COMMANDS

    known = set(COMMANDS) | {"--help", "--version"}
    for path, text in texts():
        if path.suffix != ".md" or path.name == "CHANGELOG.md":
            continue
        code = "\n".join(re.findall(r"```[a-z]*\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text))
        used = set(re.findall(r"(?:^|[/ ])huaxiang ((?:--)?[a-z]+)\b(?!\.)", code, re.M))
        assert used <= known, f"{path.name} names unknown commands: {sorted(used - known)}"


# ---------------------------------------------------------------------------------------------------- requirements


def wanted(name: str) -> list[Requirement]:
    """What pyproject.toml asks of a lock file."""
    project = pyproject()["project"]
    groups = pyproject()["dependency-groups"]
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    listed: list[str] = [] if name == "build" else list(project["dependencies"])  # type: ignore[call-overload]
    if name != "build":
        listed += extras["demo"]
    if name in ("test", "ci"):
        listed += [*extras["oidc"], *extras["postgresql"]]
    if name == "ci":
        listed += extras["spark"]
    for group in {"build": ["build"], "test": ["test"], "ci": ["build", "test", "lint"]}.get(name, []):
        listed += groups[group]  # type: ignore[arg-type]
    return [Requirement(text) for text in listed]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_satisfy_pyproject(name: str) -> None:
    locked = pins(name)
    for requirement in wanted(name):
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is missing in requirements/{name}.txt: run `python3 run.py lock`"
        assert requirement.specifier.contains(version), (
            f"{requirement} is locked to {version}: run `python3 run.py lock`"
        )


def test_locks_agree_with_each_other() -> None:
    everything = pins("ci")
    for name in ("build", "demo", "test"):
        different = {key: value for key, value in pins(name).items() if everything.get(key) != value}
        assert not different, f"requirements/{name}.txt and ci.txt differ: {different}"
    assert pins("demo").keys() <= pins("test").keys() <= pins("ci").keys()


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert not re.search(r"https?:|file:|git\+|--index|--extra-index|--find-links|--trusted|@ ", text)
    entries = re.split(
        r"\n(?=[a-z0-9])", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    )
    assert len(entries) == len(pins(name)) > 5
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"no hash: {entry.splitlines()[0]}"


def test_npm_lock_names_no_registry() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))
    resolved = [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert not resolved, f"web/package-lock.json names where packages were fetched: {resolved[:3]}"
    unchecked = [name for name, entry in lock["packages"].items() if name and "integrity" not in entry]
    assert not unchecked, f"packages without a hash: {unchecked[:3]}"


def test_build_requirements_are_locked_too() -> None:
    project = pyproject()
    assert set(project["build-system"]["requires"]) <= set(project["dependency-groups"]["build"])  # type: ignore[call-overload]


# ------------------------------------------------------------------------------------------------------- bootstrap


def test_bootstrap_speaks_even_on_an_old_python() -> None:
    """run.py must be readable by any Python 3, so that it can say which one is needed."""
    import ast

    tree = ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 4))
    modern = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.NamedExpr | ast.AnnAssign)]
    assert not modern, f"run.py:{modern[0].lineno} needs a newer Python than it can ask for"
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert imported <= set(sys.stdlib_module_names)


def test_bootstrap_notices_what_changes_the_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = bootstrap()
    for name in ("requirements", "web/report", "web/node_modules"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("a", "utf-8")
    monkeypatch.setattr(run, "ROOT", str(tmp_path))
    seen = [run.fingerprint()]
    for name in ("pyproject.toml", "requirements/demo.txt", "web/report/main.js"):
        (tmp_path / name).write_text("b", "utf-8")
        seen.append(run.fingerprint())
    assert len(set(seen)) == 4
    (tmp_path / "web" / "node_modules" / "x.js").write_text("b", "utf-8")
    (tmp_path / "README.md").write_text("b", "utf-8")
    assert run.fingerprint() == seen[-1]


def test_bootstrap_trusts_only_a_finished_set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = bootstrap()
    python = tmp_path / "python"
    python.write_text("", "utf-8")
    monkeypatch.setattr(run, "STAMP", str(tmp_path / "stamp.json"))
    monkeypatch.setattr(run, "built_files", lambda: [str(python)])
    assert not run.is_ready("demo", "s")
    (tmp_path / "stamp.json").write_text("{half", "utf-8")
    assert not run.is_ready("demo", "s")
    (tmp_path / "stamp.json").write_text(json.dumps({"profile": "test", "state": "s"}), "utf-8")
    assert run.is_ready("demo", "s") and run.is_ready("test", "s")
    assert not run.is_ready("ci", "s")
    assert not run.is_ready("demo", "other")
    python.unlink()
    assert not run.is_ready("demo", "s")


def test_bootstrap_says_what_an_old_python_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = bootstrap()
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as end:
        run.use_new_python(["demo"])
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert "needs Python 3.11 or newer; this is 3.9" in said
    assert "apt-get install" in said


def test_bootstrap_goes_on_with_a_newer_python_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    run = bootstrap()
    handed: list[list[str]] = []
    monkeypatch.setattr(run.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(run.shutil, "which", lambda name: sys.executable if name == "python3.12" else None)
    monkeypatch.setattr(run, "replace_by", lambda command: handed.append(command) or 0)
    with pytest.raises(SystemExit) as end:
        run.use_new_python(["demo", "--lang", "en"])
    assert end.value.code == 0
    assert handed == [[sys.executable, str(ROOT / "run.py"), "demo", "--lang", "en"]]


def test_bootstrap_says_what_debian_leaves_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = bootstrap()
    monkeypatch.setattr(run, "VENV", str(tmp_path / "venv"))
    monkeypatch.setattr(run, "PYTHON", str(tmp_path / "venv" / "bin" / "python"))
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit) as end:
        run.make_venv()
    assert end.value.code == 1
    assert "-venv" in capsys.readouterr().err
    assert not (tmp_path / "venv").exists()


# ------------------------------------------------------------------------------------------------------- documents


def test_links_in_documents_resolve() -> None:
    broken = []
    for path, text in texts():
        if path.suffix != ".md":
            continue
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        for plain, image in LINK.findall(prose):
            target = (plain or image).split("#", 1)
            if re.match(r"[a-z]+:", target[0]):
                continue
            file = path.parent / target[0] if target[0] else path
            if not file.exists():
                broken.append(f"{path.relative_to(ROOT)} → {target[0]}")
            elif len(target) == 2 and file.suffix == ".md" and target[1] not in anchors(file.read_text("utf-8")):
                broken.append(f"{path.relative_to(ROOT)} → {target[0]}#{target[1]}")
    assert not broken, broken


def anchors(text: str) -> set[str]:
    """The anchors that a Markdown page offers, as code hosts make them."""
    heads = re.findall(r"^#+ +(.+?)\s*$", text, re.M)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", head.lower()).strip()) for head in heads}


def test_docs_index_names_every_document() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    docs = ROOT / "docs"
    pages = [p.relative_to(docs).as_posix() for p in committed() if docs in p.parents and p.suffix == ".md"]
    pages.remove("index.md")
    assert pages
    assert not [page for page in pages if f"({page})" not in index]


def test_decisions_are_numbered_and_complete() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [r.name[:4] for r in records] == [f"{i:03d}-" for i in range(1, len(records) + 1)]
    for record in records:
        heads = re.findall(r"^## (.+)$", record.read_text("utf-8"), re.M)
        assert heads == ["Context", "Choice", "What it costs", "What would change our mind"], record.name


def test_stages_in_the_architecture_page_are_those_of_the_code() -> None:
    from huaxiang.flow import STAGES

    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    places = [text.index(f"**{stage.name}** {stage.zh}") for stage in STAGES]
    assert places == sorted(places)


def test_changelog_has_the_version() -> None:
    version = pyproject()["project"]["version"]
    heads = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert heads[0] == "Unreleased"
    assert version in heads


def test_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


# --------------------------------------------------------------------------------------------------------- wording


def test_no_registry_host_and_no_path_of_one_machine() -> None:
    """Locks and documents must serve whatever mirror a user has; paths must be relative."""
    hosts = "|".join(
        ("pypi" + r"\.org", "python" + "hosted", r"registry\.npm" + "js", "npm" + "mirror", r"deb\.debian" + r"\.org")
    )
    folders = "|".join(("wo" + "rk", "fa" + "rm", "roo" + "t"))
    bad = re.compile(rf"{hosts}|/simp" + rf"le/|(?:^|[^\w.-])/(?:{folders})/[\w.-]", re.M)
    found = [f"{path.relative_to(ROOT)}: {m[0].strip()}" for path, text in texts() for m in [bad.search(text)] if m]
    assert not found, found


def test_no_large_files() -> None:
    large = [path.relative_to(ROOT).as_posix() for path in committed() if path.stat().st_size > 1_000_000]
    assert not large, "data and third-party code don't belong here"


def test_product_files_stay_small() -> None:
    sources = [path for path in committed() if path.suffix == ".py" and ROOT / "tests" not in path.parents]
    long = [path.relative_to(ROOT).as_posix() for path in sources if len(path.read_bytes().splitlines()) > 400]
    assert not long, "split by meaning"


def test_styles_of_a_page_reach_no_other_page() -> None:
    """Style sheets of all visited pages stay loaded: a class that a page styles wherever it stands is named by that page alone."""
    app = ROOT / "web" / "app" / "src"
    everywhere: dict[str, set[Path]] = {}
    named: dict[str, set[Path]] = {}
    for path in sorted(app.rglob("*.css")):
        text = re.sub(r"/\*.*?\*/|@media print \{(?:[^{}]|\{[^{}]*\})*\}", "", path.read_text("utf-8"), flags=re.S)
        for selector in re.findall(r"([^{};]+)\{", re.sub(r"@[^{};]+\{", "", text)):
            for one in selector.split(","):
                for name in re.findall(r"\.(?!ant-)[a-zA-Z][\w-]*", one):
                    named.setdefault(name, set()).add(path)
                if path.is_relative_to(app / "pages") and re.fullmatch(r"\.[\w-]+|[a-z0-9]+\.[\w-]+", one.strip()):
                    everywhere.setdefault("." + one.strip().split(".")[1], set()).add(path)
    assert everywhere
    shared = {name: {str(p.relative_to(app)) for p in named[name]} for name in everywhere if len(named[name]) > 1}
    assert not shared
