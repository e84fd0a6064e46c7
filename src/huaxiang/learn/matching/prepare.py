"""The helper columns that comparisons and blocking need, computed by the database from the records, once per build."""

from __future__ import annotations

import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from huaxiang.learn.matching.fields import Field

_PUNCTUATION = r"[^\p{L}\p{N}]+"
_HAN = r"\p{Han}"
_LONGEST = 6
_COMPOUND = (
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|"
    "赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙|钟离|长孙|宇文|"
    "司徒|鲜于|司空|闾丘|子车|亓官|司寇|巫马|公西|颛孙|壤驷|公良|漆雕|乐正|"
    "宰父|谷梁|拓跋|夹谷|轩辕|令狐|段干|百里|呼延|东郭|南门|羊舌|微生|梁丘|"
    "左丘|东门|西门|第五"
)
"""Surnames of two characters."""
_SURNAME_READINGS = {
    "曾": "zeng", "单": "shan", "仇": "qiu", "解": "xie", "区": "ou", "朴": "piao", "查": "zha", "任": "ren",
    "覃": "qin", "盖": "ge", "乐": "yue", "翟": "zhai", "冼": "xian", "尉": "wei", "宓": "mi", "缪": "miao",
    "召": "shao", "种": "chong", "秘": "bi", "繁": "po", "员": "yun", "黑": "he",
}  # fmt: skip
"""Characters that are read otherwise as a surname."""
_NO_DATES = (
    "19000101",
    "18991230",
    "18991231",
    "19010101",
    "00010101",
    "11111111",
    "99991231",
    "29991231",
    "19700101",
    "00000000",
)
"""Days that systems write when they know none."""


class Database:
    """The in-memory database of one matching run, opened through Splink's DuckDB backend. Closed by `close`."""

    def __init__(self, threads: int, memory: str = "8GB") -> None:
        from splink import DuckDBAPI

        self._spill = tempfile.mkdtemp(prefix="huaxiang-matching-")
        self.api = DuckDBAPI(":memory:")
        self.connection: Any = self.api.duckdb_con
        self.run(f"SET threads = {int(threads)}")
        self.run(f"SET memory_limit = '{memory}'")
        self.run(f"SET temp_directory = '{self._spill}'")
        self.run("SET preserve_insertion_order = false")
        self.run(
            "SET disabled_optimizers = 'in_clause'"
        )  # a join for each list of some constants takes longer than comparing

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Execute one statement."""
        return self.connection.execute(sql, parameters) if parameters else self.connection.execute(sql)

    def arrow(self, sql: str) -> pa.Table:
        """Result of a query."""
        return self.connection.sql(sql).to_arrow_table()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Result of a small query."""
        return list(self.connection.sql(sql).fetchall())

    def load(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable under a name."""
        self.connection.register(name, table)

    def drop(self, *names: str) -> None:
        """Forget tables."""
        for name in names:
            self.run(f"DROP TABLE IF EXISTS {name}")

    def close(self) -> None:
        """Free all memory and remove what was spilled."""
        self.connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)


def helpers(db: Database, fields: Sequence[Field], source: str) -> str:
    """Query of one row per record of `source`: `id`, `fresh` and the helper columns `v_<field>…` of each field.

    Leaves `spelt_<source>` with the spellings of all its names.
    """
    columns = ", ".join(
        [f"{_normal(f)} AS v_{f.name}" for f in fields] + [_numbers(f) for f in fields if f.kind == "address"]
    )
    plain = f"SELECT id, fresh, {columns} FROM {source}"
    names = [f for f in fields if f.kind == "name"]
    if names:
        _spell_names(db, names, source)
    joins = " ".join(f"LEFT JOIN spelt_{source} s{i} ON s{i}.n = p.v_{f.name}" for i, f in enumerate(names))
    more = [
        f"s{i}.{part} AS v_{f.name}_{part}"
        for i, f in enumerate(names)
        for part in ("py", "rev", "sur", "giv", "surpy", "han")
    ]
    derived = [expression for f in fields if f.kind == "address" for expression in _address_parts(f"v_{f.name}")]
    lists = ", ".join(f"v_{f.name}_numbers" for f in fields if f.kind == "address")
    everything = f"p.* EXCLUDE ({lists})" if lists else "p.*"
    return f"SELECT {', '.join([everything, *more, *derived])} FROM ({plain}) p {joins}"


def _normal(field: Field) -> str:
    """SQL of the field's own normalised column. Values that are clean already take a short way: rewriting is what costs most."""
    raw = f'CAST("{field.name}" AS VARCHAR)'
    if field.kind == "date":
        digits = f"regexp_replace({raw}, '[^0-9]', '', 'g')"
        days = ", ".join(f"'{d}'" for d in _NO_DATES)
        known = f"CASE WHEN length({digits}) < 4 OR left({digits}, 8) IN ({days}) THEN NULL ELSE left({digits}, 8) END"
        iso = f"replace({raw}, '-', '')"
        clean = f"regexp_full_match({raw}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') AND {iso} NOT IN ({days})"
        return f"CASE WHEN {clean} THEN {iso} ELSE {known} END"
    if field.kind == "phone":
        digits = f"ltrim(regexp_replace({raw}, '[^0-9*]', '', 'g'), '0')"
        bare = f"CASE WHEN length({digits}) = 13 AND starts_with({digits}, '86') THEN right({digits}, 11) ELSE {digits} END"
        known = f"CASE WHEN length({digits}) < 5 THEN NULL ELSE {bare} END"
        return f"CASE WHEN regexp_full_match({raw}, '[1-9][0-9]{{4,11}}') THEN {raw} ELSE {known} END"
    if field.kind == "email":
        return f"nullif(lower(trim({raw})), '')"
    squeezed = f"nullif(regexp_replace(lower({raw}), '{_PUNCTUATION}', '', 'g'), '')"
    if field.kind in ("number", "postcode"):
        return f"CASE WHEN regexp_full_match({raw}, '[a-z0-9]+') THEN {raw} ELSE {squeezed} END"
    plain = f"CASE WHEN strlen({raw}) = length({raw}) THEN {raw} ELSE strip_accents({raw}) END"
    words = f"nullif(trim(regexp_replace(lower({plain}), '{_PUNCTUATION}', ' ', 'g')), '')"
    if field.kind == "exact":
        return f"CASE WHEN regexp_full_match({raw}, '[a-z0-9]+') THEN {raw} ELSE {words} END"
    clean = f"WHEN regexp_full_match({raw}, '[\\p{{Lo}}a-z0-9]+') THEN {raw}"
    return f"CASE {clean} WHEN regexp_matches({raw}, '{_HAN}') THEN {squeezed} ELSE {words} END"


def _numbers(field: Field) -> str:
    return f"regexp_extract_all(CAST(\"{field.name}\" AS VARCHAR), '[0-9]+') AS v_{field.name}_numbers"


def _address_parts(x: str) -> list[str]:
    """All numbers of an address, its text without them, the building, unit and flat when it names two of them, and its district."""
    p, numbers = f"p.{x}", f"p.{x}_numbers"
    chinese = f"regexp_matches({p}, '{_HAN}')"
    return [
        f"nullif(array_to_string({numbers}, '-'), '') AS {x}_num",
        f"nullif(regexp_replace({p}, '[0-9 ]+', '', 'g'), '') AS {x}_txt",
        f"CASE WHEN len({numbers}) >= 2 AND {chinese} THEN array_to_string({numbers}[-3:], '-') END AS {x}_door",
        f"CASE WHEN {chinese} THEN nullif(regexp_extract({p}, '^.{{2,14}}?[区县旗]'), '') END AS {x}_area",
    ]


def _spell_names(db: Database, names: Sequence[Field], source: str) -> None:
    """Leave `spelt_<source>`: each distinct name `n` with its Pinyin, also in the other order, and its surname and given name."""
    distinct = " UNION ".join(f"SELECT DISTINCT {_normal(f)} AS n FROM {source}" for f in names)
    known = f"SELECT n, regexp_matches(n, '{_HAN}') AS han FROM ({distinct}) WHERE n IS NOT NULL"
    db.run(f"CREATE TABLE distinct_names AS {known}")
    signs = db.rows(f"SELECT DISTINCT unnest(string_split(left(n, {_LONGEST}), '')) FROM distinct_names WHERE han")
    db.load("reading", readings([row[0] for row in signs]))
    letters = range(1, _LONGEST + 1)
    joins = " ".join(f"LEFT JOIN reading r{i} ON r{i}.sign = substr(n, {i}, 1)" for i in letters)
    compound = ", ".join(f"'{c}'" for c in _COMPOUND.split("|"))
    sign = {i: f"coalesce(r{i}.sound, substr(n, {i}, 1))" for i in letters}
    sign[1] = f"coalesce(r1.surname, {sign[1]})"
    two = f"(length(n) >= 3 AND left(n, 2) IN ({compound}))"
    head = f"CASE WHEN {two} THEN {sign[1]} || {sign[2]} ELSE {sign[1]} END"
    tail = " || ".join(sign[i] for i in letters if i > 2)
    rest = f"(CASE WHEN {two} THEN '' ELSE {sign[2]} END || {tail} || substr(n, {_LONGEST + 1}))"
    first, last = "split_part(n, ' ', 1)", "split_part(n, ' ', -1)"
    middle = "CASE WHEN contains(n, ' ') THEN left(n, length(n) - length(split_part(n, ' ', -1)) - 1) ELSE n END"
    parts = [
        f"CASE WHEN han THEN {head} || {rest} ELSE replace(n, ' ', '') END AS py",
        f"CASE WHEN han THEN {rest} || {head} WHEN contains(n, ' ') THEN replace({last} || {middle}, ' ', '') ELSE NULL END AS rev",
        f"CASE WHEN han THEN CASE WHEN {two} THEN left(n, 2) ELSE left(n, 1) END WHEN contains(n, ' ') THEN {last} END AS sur",
        f"CASE WHEN han THEN CASE WHEN {two} THEN substr(n, 3) ELSE substr(n, 2) END ELSE {first} END AS giv",
        f"CASE WHEN han THEN {head} WHEN contains(n, ' ') THEN {last} END AS surpy",
    ]
    db.run(f"CREATE TABLE spelt_{source} AS SELECT n, han, {', '.join(parts)} FROM distinct_names {joins}")
    db.drop("distinct_names")


def readings(signs: Iterable[str]) -> pa.Table:
    """The first Pinyin reading, without tones, of each of these Chinese characters (`sign`), and as a `surname`."""
    known = [(sign, sound) for sign in sorted(signs) if (sound := _reading(sign))]
    return pa.table({
        "sign": pa.array([sign for sign, _ in known], pa.string()),
        "sound": pa.array([sound for _, sound in known], pa.string()),
        "surname": pa.array([_SURNAME_READINGS.get(sign, sound) for sign, sound in known], pa.string()),
    })  # fmt: skip


@cache
def _reading(sign: str) -> str | None:
    from pypinyin.pinyin_dict import pinyin_dict

    found = pinyin_dict.get(ord(sign))
    if found is None:
        return None
    plain = unicodedata.normalize("NFD", found.split(",")[0])
    return "".join(c for c in plain.replace("ü", "v") if c.isascii() and c.isalpha())
