"""Audience selection: ours through the public Python API, beside DuckDB and ClickHouse, on the same generated customers.

    python benchmarks/audience.py --customers 10000000
    python benchmarks/audience.py growth --customers 1000000 10000000 50000000

One process asks all contestants in turn: each gets a few questions in a row, as somebody who tries conditions asks them, every one with
other constants, round after round, and every answer must be the same. With `--block 1` they change after every question, so that each finds
the processor's cache full of the others' data, and their threads not yet at rest. Printed are medians
in milliseconds and how many times faster ours is than the fastest of the others;
the time that ours takes to read a new text is told apart. Contestants: DuckDB on a wide native table (enums as
ENUM), ClickHouse (chdb) on a wide MergeTree, ClickHouse with a bitmap for each value of an enum, boolean or list tag. Needs chdb.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from contestants import Bitmaps, Click, Duck, Ours, Question
from customers import ITEMS, LIST, generate, publish


# ------------------------------------------------------------------------------------------------------------- questions
def _v(tag: str, *values: str) -> str:
    return f"{tag} = '{values[0]}'" if len(values) == 1 else f"{tag} IN ({', '.join(repr(v) for v in values)})"


def _bit(tag: str, *values: str) -> str:
    joined = [f"(SELECT bits FROM bm WHERE tag = '{tag}' AND value = '{v}')" for v in values]
    whole = joined[0]
    for one in joined[1:]:
        whole = f"bitmapOr({whole}, {one})"
    return whole


def three(rng: np.random.Generator) -> Question:
    a, b = (f"v{rng.integers(0, n)}" for n in (4, 5))
    text = f"{_v('enum_3', a)} AND bool_1 AND {_v('enum_7', b, 'v9')}"
    bits = f"bitmapAnd(bitmapAnd({_bit('enum_3', a)}, {_bit('bool_1', 'true')}), {_bit('enum_7', b, 'v9')})"
    return Question(text, text, bits)


def eight(rng: np.random.Generator) -> Question:
    a, b, c, d = (f"v{rng.integers(0, n)}" for n in (2, 7, 12, 30))
    text = (
        f"({_v('enum_0', a)} OR {_v('enum_5', b, 'v7')}) AND NOT ({_v('enum_9', c)} OR bool_2) AND (bool_0 OR {_v('enum_11', d)}) "
        f"AND NOT ({_v('enum_8', 'v2')} AND bool_5) AND {_v('enum_4', 'v0', 'v1', 'v3')}"
    )
    left = f"bitmapAnd(bitmapOr({_bit('enum_0', a)}, {_bit('enum_5', b, 'v7')}), {_bit('enum_4', 'v0', 'v1', 'v3')})"
    inner = f"bitmapAnd({left}, bitmapOr({_bit('bool_0', 'true')}, {_bit('enum_11', d)}))"
    known = f"bitmapAnd({inner}, {_bit('enum_9', '*')})"  # NOT of an unknown value is unknown
    no = f"bitmapAndnot({known}, bitmapOr({_bit('enum_9', c)}, {_bit('bool_2', 'true')}))"
    return Question(text, text, f"bitmapAndnot({no}, bitmapAnd({_bit('enum_8', 'v2')}, {_bit('bool_5', 'true')}))")


def one_of_list(rng: np.random.Generator) -> Question:
    return contains(rng, 1)


def contains(rng: np.random.Generator, count: int = 5) -> Question:
    items = [f"t{n}" for n in rng.choice(ITEMS, count, replace=False)]
    ours = f"list_has_any({LIST}, [{', '.join(repr(i) for i in items)}])"
    return Question(ours, "", _bit(LIST, *items))


def ranges(rng: np.random.Generator) -> Question:
    low, days, least = round(float(rng.uniform(50, 200)), 2), int(rng.integers(200, 1500)), int(rng.integers(140, 160))
    day = np.datetime64("2022-01-08") - days
    text = f"amount_1 BETWEEN {low} AND {round(low + 300, 2)} AND date_2 >= '{day}' AND int_6 >= {least}"
    return Question(text, text, None)


QUESTIONS: dict[str, Callable[[np.random.Generator], Question]] = {
    "3 conditions AND": three, "8 conditions nested": eight, "list contains a value": one_of_list,
    "list contains any of 5": contains, "number and date ranges": ranges,
}  # fmt: skip
WARM = 12
"""Rounds that are left out: sets of single values are made on first use, tables are read for the first time."""
GOALS = {"3 conditions AND": 50, "8 conditions nested": 80, "list contains a value": 100,
         "list contains any of 5": 100, "number and date ranges": 4,
         "breakdown of 10 with TGI": 30, "save in own form": 10, "save as Parquet": 1}  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- the run
@dataclass
class Times:
    """Milliseconds by contestant."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def time(self, name: str, call: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        answer = call()
        self.taken.setdefault(name, []).append((time.perf_counter() - begin) * 1000)
        return answer

    def line(self, title: str, *, skip: int) -> str:
        middle = {n: statistics.median(t[skip:] or t) for n, t in self.taken.items()}
        fastest = min(v for n, v in middle.items() if n != "ours")
        told = "  ".join(f"{n} {v:.2f}" for n, v in middle.items())
        first = f"first use {self.taken['ours'][0]:.1f}"
        return f"{title:<26} {told}   = {fastest / middle['ours']:.1f} × the fastest (goal {GOALS[title]} ×; ours at {first} ms)"


def _ms(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000


def in_turn(
    times: Times, contestants: list[Any], questions: list[Question], block: int, ask: Callable[[Any, Question], Any]
) -> dict[str, list[Any]]:
    """Ask every contestant all questions, a block of them at a time; return the answers by contestant."""
    answers: dict[str, list[Any]] = {c.name: [] for c in contestants}
    for at in range(0, len(questions), block):
        for c in contestants:
            for question in questions[at : at + block]:
                answers[c.name].append(times.time(c.name, lambda c=c, q=question: ask(c, q)))
    return answers


def ask_all(title: str, contestants: list[Any], chosen: argparse.Namespace) -> Iterator[str]:
    """Time one kind of question; the first ones warm all contestants and are left out."""
    times, rng = Times(), np.random.default_rng(7)
    questions = [QUESTIONS[title](rng) for _ in range(chosen.rounds * chosen.block + WARM)]
    reading = [_ms(lambda q=q: contestants[0].read(q)) for q in questions]
    able = [c for c in contestants if not isinstance(c, Bitmaps) or questions[0].bitmap]
    found = in_turn(times, able, questions, chosen.block, lambda c, q: c.count(q))
    for question, *answers in zip(questions, *found.values(), strict=True):
        if len(set(answers)) != 1:
            raise SystemExit(f"{title}: answers differ: {answers} for {question.ours}")
    yield times.line(title, skip=WARM) + f"; reading the text {statistics.median(reading[WARM:]):.2f} ms"


def describe_all(contestants: list[Any], chosen: argparse.Namespace) -> Iterator[str]:
    """Time the breakdown with TGI, counts of audience and base compared value by value."""
    times, rng = Times(), np.random.default_rng(8)
    questions = [three(rng) for _ in range((chosen.rounds + 1) * min(chosen.block, 3))]
    for question in questions:
        contestants[0].read(question)
    found = in_turn(times, contestants, questions, min(chosen.block, 3), lambda c, q: c.breakdown(q))
    for question, *answers in zip(questions, *found.values(), strict=True):
        texts = [{d: {str(v).lower(): c for v, c in f.items()} for d, f in answer.items()} for answer in answers]
        if any(t != texts[0] for t in texts):
            raise SystemExit(f"breakdowns differ for {question.ours}")
    yield times.line("breakdown of 10 with TGI", skip=min(chosen.block, 3))


def save_all(contestants: list[Any], rounds: int, folder: Path) -> Iterator[str]:
    """Time selecting and saving."""
    for title, way in (("save in own form", "save"), ("save as Parquet", "parquet")):
        times, rng = Times(), np.random.default_rng(9)
        for _ in range(rounds + 1):
            question = three(rng)
            contestants[0].read(question)
            for c in contestants:
                if hasattr(c, way):
                    times.time(c.name, lambda c=c, q=question, way=way: getattr(c, way)(q, folder))
        yield times.line(title, skip=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["compare", "growth"], default="compare")
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--block", type=int, default=5, help="questions in a row for each contestant")
    parser.add_argument("--folder", type=Path, help="keep the generated customers here")
    chosen = parser.parse_args()
    for size in chosen.customers:
        with tempfile.TemporaryDirectory(prefix="huaxiang-audience-") as temporary:
            run(Path(temporary), chosen, size)


def run(folder: Path, chosen: argparse.Namespace, size: int) -> None:
    """One size."""
    kept = chosen.folder or folder
    kept.mkdir(parents=True, exist_ok=True)
    customers = kept / f"customers{size}.parquet"
    if not customers.exists():
        generate(customers, size)
    if kept != folder:
        shutil.copyfile(customers, folder / "customers.parquet")
        customers = folder / "customers.parquet"
    built = publish(folder / "project", customers, size)
    ours = Ours(folder / "project")
    print(f"{size:,} customers × 40 tags: index built in {built['seconds']:.1f} s with {built['memory']:.2f} GB (goal 60 s, 1.5 GB); "
          f"opened and first asked in {ours.opened:.2f} s (goal 2 s)", flush=True)  # fmt: skip
    contestants: list[Any] = [ours, Duck(customers, folder)]
    if chosen.what == "compare":
        click = Click(customers, folder)
        contestants += [click, Bitmaps(click)]
    for title in QUESTIONS:
        for line in ask_all(title, contestants, chosen):
            print(line, flush=True)
    for line in (*describe_all(contestants, chosen), *save_all(contestants, chosen.rounds, folder)):
        print(line, flush=True)
    print(
        f"peak memory of all in this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB",
        flush=True,
    )


if __name__ == "__main__":
    main()
