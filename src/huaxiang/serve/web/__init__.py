"""The built web page: `static/`, made from web/app by the build (web/build_assets.py), never committed."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def page_is_built() -> bool:
    """Whether the files of the page are there."""
    return (STATIC / "index.html").is_file()
