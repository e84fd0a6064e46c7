"""Build hook of the package: makes the browser assets with npm before the files are gathered (see web/build_assets.py)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebAssetsHook(BuildHookInterface[Any]):
    """Builds what is missing or older than its sources; quick when everything is fresh, also for editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 hatchling gives them
        """Make the bundle (wheel and editable); a source archive carries only the sources."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        script = importlib.util.spec_from_file_location("huaxiang_build_assets", root / "web" / "build_assets.py")
        if script is None or script.loader is None:
            raise FileNotFoundError("web/build_assets.py is missing from the sources")
        assets = importlib.util.module_from_spec(script)
        script.loader.exec_module(assets)
        assets.build(root, report=self.app.display_info)
