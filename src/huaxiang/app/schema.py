"""JSON Schemas of the YAML files, for completion and checks while one types. Generated from the types that load them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huaxiang.spec.models import DefinitionFile, ProjectSpec
from huaxiang.store.atomic import write_json

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return file name → schema: `project.json` for huaxiang.yaml, `definitions.json` for all files in its folders."""
    return {
        "project.json": {"$schema": DIALECT} | ProjectSpec.model_json_schema(by_alias=True),
        "definitions.json": {"$schema": DIALECT} | DefinitionFile.model_json_schema(by_alias=True),
    }


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write the schemas into `folder`, which is made if need be; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in schemas().items():
        write_json(folder / name, schema)
        written.append(folder / name)
    return tuple(written)
