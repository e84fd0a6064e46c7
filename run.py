#!/usr/bin/env python3
"""Set Huaxiang up in this folder and run it: `python3 run.py demo`, `python3 run.py test`. Needs nothing but Python.

What it does, once: makes `.venv` beside this file, installs the packages of `requirements/` (exact versions, checked by
hash, from wherever your pip is configured to look) and Huaxiang itself. A second call finds that nothing has changed
and starts at once. It uses the standard library alone, and its syntax is old on purpose, so that an old Python can say
what is missing.
"""

from __future__ import print_function

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
CANDIDATES = ("python3.14", "python3.13", "python3.12", "python3.11")
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "huaxiang-setup.json")
LOG = os.path.join(VENV, "huaxiang-setup.log")
SCRIPTS = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
ASSETS = (
    os.path.join("src", "huaxiang", "app", "report", "assets", "echarts.bundle.js"),
    os.path.join("src", "huaxiang", "serve", "web", "static", "index.html"),
)
PYTHON = os.path.join(SCRIPTS, "python.exe" if os.name == "nt" else "python")

PROFILES = ("demo", "test", "ci")  # each holds the one before
LOCKS = {
    "build": ["--group", "build"],
    "demo": ["pyproject.toml", "--extra", "demo"],
    "test": ["pyproject.toml", "--extra", "demo", "--extra", "oidc", "--extra", "postgresql", "--group", "test"],
    "ci": [
        "pyproject.toml",
        "--extra",
        "demo",
        "--extra",
        "oidc",
        "--extra",
        "postgresql",
        "--extra",
        "spark",
        "--group",
        "build",
        "--group",
        "test",
        "--group",
        "lint",
    ],
}
LINTERS = (
    ["ruff", "check"],
    ["ruff", "format", "--check"],
    ["mypy", "--strict", "src"],
    ["lint-imports"],
    ["deptry", "src"],
    ["codespell"],
)
USAGE = """usage: python3 run.py COMMAND [ARGUMENTS]

  demo      build the demonstration project, with its report; ARGUMENTS go to `huaxiang demo`
  install   set up only; then use .venv/bin/huaxiang
  test      the fast tests; ARGUMENTS go to pytest
  long      the slow, Spark and browser tests; ARGUMENTS go to pytest
  lint      all linters
  ci        everything that must pass before a change is accepted (.ci/run)
  lock      compute requirements/*.txt anew from pyproject.toml
"""


def main(arguments):
    """Run one command; return the exit code (2: wrong use)."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0 if arguments else 2
    command, rest = arguments[0], arguments[1:]
    commands = {"demo": demo, "install": install, "test": test, "long": long, "lint": lint, "ci": ci, "lock": lock}
    if command not in commands:
        print("run.py: no command %r\n\n%s" % (command, USAGE), file=sys.stderr, end="")
        return 2
    use_new_python(arguments)
    return commands[command](rest)


def demo(rest):
    """Build the demonstration project in the current folder."""
    set_up("demo")
    return replace_by([os.path.join(SCRIPTS, "huaxiang"), "demo"] + rest)


def install(rest):
    """Set up, and say how to go on."""
    set_up("demo")
    say("ready: %s --help" % os.path.relpath(os.path.join(SCRIPTS, "huaxiang")))
    return 0


def test(rest):
    """Run the fast tests, two files at a time (`-n 0` in `rest`: one by one)."""
    set_up("test")
    os.chdir(ROOT)
    return replace_by([PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile"] + rest)


def long(rest):
    """Run the tests that take long or need more than Python: those in a browser by themselves, also after others failed.

    Playwright keeps an event loop in its thread, which tests that run one of their own can't share.
    """
    set_up("ci")
    os.chdir(ROOT)
    command = [PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile"]
    codes = [
        subprocess.call(command + ["-m", which] + rest) for which in ("(slow or spark) and not browser", "browser")
    ]
    none = 5  # pytest: no test was asked for
    failed = [code for code in codes if code not in (0, none)]
    return failed[0] if failed else min(codes)


def lint(rest):
    """Run every linter, also after one has failed; 1 when any did."""
    set_up("ci")
    failed = []
    for command in LINTERS:
        say(" ".join(command))
        if subprocess.call([os.path.join(SCRIPTS, command[0])] + command[1:], cwd=ROOT):
            failed.append(command[0])
    say("linters: %s" % ("failed: " + ", ".join(failed) if failed else "all passed"))
    return 1 if failed else 0


def ci(rest):
    """Run what a change must pass."""
    return subprocess.call(["bash", os.path.join(ROOT, ".ci", "run")])


def lock(rest):
    """Compute the hash-locked requirements anew; versions move only where pyproject.toml or `--upgrade` asks for it."""
    set_up("ci")
    for name in ("ci", "test", "demo", "build"):
        target = "requirements/%s.txt" % name
        others = [] if name == "ci" else ["-c", "requirements/ci.txt"]
        say("locking %s" % target)
        code = subprocess.call(
            [os.path.join(SCRIPTS, "uv"), "pip", "compile", "--universal", "--python-version", "%d.%d" % OLDEST]
            + ["--fork-strategy", "fewest", "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--quiet"]
            + ["--custom-compile-command", "python3 run.py lock"]
            + LOCKS[name]
            + others
            + ["-o", target]
            + rest,
            cwd=ROOT,
        )
        if code:
            return code
    return 0


def use_new_python(arguments):
    """Return when this Python is new enough; else hand over to one on PATH that is, or stop saying what to install."""
    if sys.version_info >= OLDEST:
        return
    mine = "%d.%d" % sys.version_info[:2]
    wanted = "import sys; sys.exit(sys.version_info < %r)" % (OLDEST,)
    for name in CANDIDATES:
        found = shutil.which(name)
        if found and subprocess.call([found, "-c", wanted], stderr=subprocess.DEVNULL) == 0:
            say("this is Python %s; going on with %s" % (mine, found))
            sys.exit(replace_by([found, os.path.abspath(__file__)] + arguments))
    stop(
        "Huaxiang needs Python %d.%d or newer; this is %s and none of %s is on PATH.\n"
        "Install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv; macOS: brew install python@3.13;\n"
        "Windows: the installer of python.org) and run the same command again."
        % (OLDEST + (mine, ", ".join(CANDIDATES)))
    )


def set_up(profile):
    """Make `.venv` hold the packages of `profile` and Huaxiang; do nothing when it already does."""
    state = fingerprint()
    if is_ready(profile, state):
        return
    started = time.time()
    make_venv()
    profile = max(profile, done_before(), key=PROFILES.index)
    say("installing packages, exact versions checked by hash (%s)" % profile)
    pip(["--only-binary=:all:", "-r", "requirements/build.txt"])
    binary = ["--only-binary=:all:"] if profile != "ci" else ["--no-build-isolation"]  # PySpark comes as source only
    pip(binary + ["-r", "requirements/%s.txt" % profile])
    say("installing Huaxiang itself, with the web page and the charts of the report")
    pip(["--no-build-isolation", "--editable", "."])
    with open(STAMP, "w") as file:
        json.dump({"profile": profile, "state": state}, file)
    say("set up in %.0f s" % (time.time() - started))


def fingerprint():
    """Return a digest over all that decides what `.venv` holds, this folder's path and this Python included."""
    files = ["pyproject.toml", "hatch_build.py"] + ["requirements/%s.txt" % name for name in sorted(LOCKS)]
    for folder, below, names in os.walk(os.path.join(ROOT, "web")):
        below[:] = sorted(d for d in below if d != "node_modules")
        files += [os.path.relpath(os.path.join(folder, name), ROOT) for name in sorted(names)]
    digest = hashlib.sha256(repr((ROOT, sys.version_info[:2])).encode())
    for name in files:
        path = os.path.join(ROOT, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                digest.update(repr((name, hashlib.sha256(file.read()).hexdigest())).encode())
    return digest.hexdigest()


def is_ready(profile, state):
    """Tell whether an earlier call finished setting up at least `profile` from the same files, and its output is there."""
    stamp = read_stamp()
    return (
        stamp.get("state") == state
        and PROFILES.index(stamp["profile"]) >= PROFILES.index(profile)
        and all(os.path.exists(os.path.join(ROOT, path)) for path in built_files())
    )


def built_files():
    """Return what must be there besides the stamp: the venv's Python and what the build hook makes."""
    return [PYTHON] + ([] if os.environ.get("HUAXIANG_SKIP_WEB") == "1" else list(ASSETS))


def read_stamp():
    """Return what the last finished set-up wrote, or nothing."""
    try:
        with open(STAMP) as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return {}
    return stamp if stamp.get("profile") in PROFILES else {}


def done_before():
    """Return the profile that is installed, so that a smaller one doesn't drop what a bigger one needs updated."""
    return read_stamp().get("profile", PROFILES[0])


def make_venv():
    """Make `.venv`, anew when the one there is broken or of another Python."""
    probe = "import sys, pip; sys.exit(sys.version_info[:2] != %r)" % (tuple(sys.version_info[:2]),)
    if os.path.exists(PYTHON) and subprocess.call([PYTHON, "-c", probe], stderr=subprocess.DEVNULL) == 0:
        return
    say("making %s with Python %d.%d" % ((os.path.relpath(VENV),) + tuple(sys.version_info[:2])))
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        version = "%d.%d" % sys.version_info[:2]
        stop(
            "This Python (%s) comes without the modules venv and ensurepip, which make .venv.\n"
            "Install them (Debian, Ubuntu: apt-get install python%s-venv) and run the same command again."
            % (sys.executable, version)
        )
    venv.EnvBuilder(clear=os.path.exists(VENV), with_pip=True, symlinks=os.name != "nt").create(VENV)


def pip(arguments):
    """Install quietly into `.venv` without looking for further packages; on failure show pip's own words and stop."""
    command = [PYTHON, "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--no-input"] + arguments
    environment = dict(os.environ, PIP_USER="0", PYTHONUTF8="1")
    environment.setdefault("NODE_USE_SYSTEM_CA", "1")  # npm trusts the certificates that this system trusts
    shown = sys.stderr.isatty()
    with open(LOG, "a") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
        lines = []
        for line in process.stdout:
            log.write(line)
            lines.append(line)
            if shown and line.split(" ", 1)[0] in ("Collecting", "Building", "Installing"):
                print("\r\033[K  %s" % line.strip()[:76], end="", file=sys.stderr)
        if shown:
            print("\r\033[K", end="", file=sys.stderr)
    if process.wait():
        print("".join(lines[-30:]), file=sys.stderr)
        stop(
            "pip could not install (all it said: %s).\nThe command was: %s" % (os.path.relpath(LOG), " ".join(command))
        )


def replace_by(command):
    """Become `command` (on Windows: run it and return its exit code)."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.call(command)


def say(text):
    """Tell the user what happens now."""
    print("run.py: " + text, file=sys.stderr)
    sys.stderr.flush()


def stop(text):
    """End with exit code 1 and what to do."""
    print("run.py: " + text, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
