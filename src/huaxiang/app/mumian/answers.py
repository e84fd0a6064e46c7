"""Answers to a codebook's questions as people of the generated company give them: by what they are, what they do, and chance."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import numpy.typing as npt

from huaxiang.app.mumian import grammar
from huaxiang.app.mumian.archetypes import ARCHETYPES
from huaxiang.app.mumian.departments import Company
from huaxiang.app.mumian.population import TODAY, Ints
from huaxiang.app.mumian.sales import of_kind, pick_rows
from huaxiang.app.mumian.texts import mood_of
from huaxiang.store.forms.codebook import Codebook, Question

Floats = npt.NDArray[np.float64]
ATTITUDE_OF = {
    "price_sensitivity": 0,
    "promotion_sensitivity": 0,
    "brand_loyalty": 2,
    "openness": 3,
    "enjoyment": 3,
    "environmental_attitude": 5,
    "social_responsibility": 5,
    "attitude": 6,
    "identification": 6,
    "satisfaction": 6,
    "stress": 7,
    "sensitivity": 7,
}
SCHOOLS = (
    "江城大学",
    "东湖师范学院",
    "滨海理工学院",
    "南岭职业技术学院",
    "云岭大学",
    "北辰财经大学",
    "第三中学",
    "华亭工程学院",
)
MAJORS = (
    "会计",
    "汉语言文学",
    "计算机",
    "护理",
    "市场营销",
    "机械",
    "服装设计",
    "英语",
    "土木工程",
    "学前教育",
    "电子商务",
)


@dataclass(frozen=True)
class Spoken:
    """A free answer with what it says, for the truth: row, question, text, sentiment, topic."""

    row: int
    question: str
    text: str
    sentiment: str
    topic: str


@dataclass
class Answering:
    """Draws the answers of `person` to one codebook; `spoken` collects the free answers."""

    company: Company
    person: Ints
    rng: np.random.Generator
    random: Random
    spoken: list[Spoken] = field(default_factory=list)

    def answers(self, book: Codebook) -> dict[str, list[str]]:
        """Question code → one cell a person; empty where it was skipped."""
        found: dict[str, list[str]] = {}
        skip = self.rng.random(len(self.person)) < 0.04  # gave up half-way
        total = len(book.questions)
        for number, (code, question) in enumerate(book.questions.items()):
            cells = self._cells(question)
            left_out = (self.rng.random(len(cells)) < 0.035) | (skip & (number > total * 0.6))
            found[code] = ["" if out else cell for cell, out in zip(cells, left_out.tolist(), strict=True)]
        return found

    def _cells(self, question: Question) -> list[str]:
        kinds: Mapping[str, Callable[[Question], list[str]]] = {
            "likert": self._rated,
            "nps": self._nps,
            "single": self._single,
            "multi": self._multi,
            "number": self._number,
            "date": self._date,
            "text": self._text,
            "open": self._open,
        }
        return kinds[question.kind](question)

    # ------------------------------------------------------------------------------------------------- ratings
    def _leaning(self, name: str) -> Floats:
        """How far each person agrees with what `name` measures, on 1–5."""
        kind = self.company.people.archetype[self.person]
        own = _draws(name, 1)[kind, 0] * 0.55
        personal = np.random.default_rng([zlib.crc32(name.encode()), 3]).normal(0, 0.55, self.company.people.size)[
            self.person
        ]
        if name in ATTITUDE_OF:
            deals = of_kind("discount")[kind] - 0.4 if name == "promotion_sensitivity" else 0.0
            leaning = self.company.traits.attitudes[self.person, ATTITUDE_OF[name]] + 0.25 * personal + deals
        elif name == "social_media_activity":
            leaning = 1.6 + 3.0 * of_kind("social")[kind] + personal
        elif name == "social_status":
            well_off = 0.7 * (self.company.traits.income[self.person] > 15_000)
            leaning = 2.0 + 0.35 * self.company.traits.education[self.person] + well_off + 0.5 * personal
        else:
            leaning = 3.2 + own + personal
        return np.asarray(leaning, dtype=np.float64)

    def _rated(self, question: Question) -> list[str]:
        scale = question.scale
        assert scale is not None
        leaning = self._leaning(question.construct or question.attribute or question.code) + self.rng.normal(
            0, 0.55, len(self.person)
        )
        share = np.clip((leaning - 1) / 4, 0, 1)
        share = 1 - share if question.reverse else share
        points = np.rint(scale.minimum + share * (scale.maximum - scale.minimum)).astype(int).tolist()
        worded = self.rng.random() < 0.5 and len(scale.labels) == len(scale.points) and question.matrix is None
        cells = [scale.labels[p].zh if worded else str(p) for p in points]
        return self._spoil(cells, str(scale.maximum + 2))

    def _nps(self, _question: Question) -> list[str]:
        kind = self.company.people.archetype[self.person]
        satisfied = self.company.traits.attitudes[self.person, 6]
        score = (
            of_kind("nps")[kind]
            + 1.5 * (satisfied - 3.7)
            - 1.6 * self.company.traits.churned[self.person]
            + self.rng.normal(0, 1.2, len(kind))
        )
        return self._spoil([str(s) for s in np.clip(np.rint(score), 0, 10).astype(int).tolist()], "11")

    def _spoil(self, cells: list[str], wrong: str) -> list[str]:
        """Three cells in a thousand hold what is no answer."""
        bad = (self.rng.random(len(cells)) < 0.003).tolist()
        return [wrong if b else c for b, c in zip(bad, cells, strict=True)]

    # ------------------------------------------------------------------------------------------------- choices
    def _single(self, question: Question) -> list[str]:
        codes = [o.code for o in question.options]
        known = self._known(question.attribute or question.code, codes)
        if known is None:
            chances = np.exp(1.1 * _draws(question.code, len(codes)) + _popular(question.code, len(codes)))
            known = pick_rows(chances, self.company.people.archetype[self.person], self.rng)
        titles = [o.title.zh for o in question.options]
        return [self._words(question, codes[k], titles[k]) for k in known.tolist()]

    def _words(self, question: Question, code: str, title: str) -> str:
        if code == question.other:
            return f"{title}〖{self.random.choice(('说不清', '看情况', '都有', '视价格而定', '暂时没有'))}〗"
        return title

    def _multi(self, question: Question) -> list[str]:
        options = question.options
        kind = self.company.people.archetype[self.person]
        pull = (
            1.2 * _draws(question.code, len(options))[kind]
            + _popular(question.code, len(options))
            + self.rng.normal(0, 1.0, (len(kind), len(options)))
        )
        alone = np.array([o.alone or o.missing or o.code == question.other for o in options])
        pull[:, alone] -= 1.8
        most = question.most or 6
        cells = []
        for row in pull:
            order = np.argsort(-row, kind="stable")
            chosen = [int(n) for n in order[:most] if row[n] > 0.7] or [int(order[0])]
            if alone[chosen[0]] and options[chosen[0]].code != question.other:
                chosen = chosen[:1]
            chosen = [n for n in chosen if not (options[n].alone or options[n].missing)] or chosen[:1]
            cells.append("┋".join(self._words(question, options[n].code, options[n].title.zh) for n in sorted(chosen)))
        return self._spoil(cells, "以上皆可")

    def _known(self, name: str, codes: Sequence[str]) -> Ints | None:
        """Answers that follow from what is known of the person; None where chance and kind decide."""
        if name == "churn_reason":
            return self._why_less(codes)
        facts = self._facts()
        if name not in facts:
            return None
        place = {code: n for n, code in enumerate(codes)}
        found = facts[name]().tolist()
        if any(code not in place for code in found):
            return None
        return np.array([place[code] for code in found])

    def _facts(self) -> Mapping[str, Callable[[], Ints | npt.NDArray[np.str_]]]:
        """Question → the codes of the answers that people's lives give."""
        traits, who = self.company.traits, self.person
        age = (TODAY - self.company.people.birth[who]).astype(int) / 365.2425
        income, children = traits.income[who], traits.children[who]
        return {
            "education": lambda: np.array(
                ["junior_high", "junior_high", "senior_high", "college", "bachelor", "master", "doctor"]
            )[traits.education[who]],
            "marital_status": lambda: np.where(
                traits.married[who], "married", np.where(traits.ever_married[who], "divorced", "unmarried")
            ),
            "children": lambda: np.select(
                [children == 0, age < 34, age < 46], ["none", "preschool", "school"], "adult"
            ),
            "household_size": lambda: np.where(traits.family[who] >= 5, "5_or_more", traits.family[who].astype(str)),
            "income_level": lambda: _bands(
                income, (5e3, 1e4, 2e4, 4e4), ("below_5000", "5000_9999", "10000_19999", "20000_39999", "from_40000")
            ),
            "household_income": lambda: _bands(
                income * (13 + 9 * traits.married[who]),
                (1e5, 2e5, 4e5, 8e5),
                ("below_100k", "100k_200k", "200k_400k", "400k_800k", "from_800k"),
            ),
            "housing": lambda: np.array(["rented", "family", "mortgage", "owned"])[traits.owns_home[who]],
            "car_ownership": lambda: np.where(
                traits.owns_car[who],
                np.where(income > 25_000, "several", np.where(who % 3 == 0, "one_electric", "one_fuel")),
                np.where(who % 9 == 0, "planned", "none"),
            ),
            "nationality": lambda: np.where(who % 97 == 0, "other", "china"),
            "occupation": lambda: np.array(_JOB_CODES)[traits.job[who]],
            "shopping_mode": lambda: np.select(
                [
                    of_kind("online")[self.company.people.archetype[who]] > 0.8,
                    of_kind("online")[self.company.people.archetype[who]] < 0.3,
                ],
                ["online", "store"],
                "both",
            ),
            "word_of_mouth": lambda: _bands(
                traits.attitudes[who, 6] + self.rng.normal(0, 0.6, len(who)),
                (2.6, 3.3, 3.9),
                ("complained", "none", "neutral", "praised"),
            ),
            "gender": lambda: np.where(self.company.people.female[who], "female", "male"),
        }

    def _why_less(self, codes: Sequence[str]) -> Ints | None:
        if "not_less" not in codes:
            return None
        chances = np.exp(0.9 * _draws("churn_reason", len(codes)) - 3.0 * np.array([c == "not_less" for c in codes]))
        reason = pick_rows(chances, self.company.people.archetype[self.person], self.rng)
        less = self.company.traits.churned[self.person] | (self.rng.random(len(self.person)) < 0.15)
        return np.where(less, reason, codes.index("not_less"))

    # ------------------------------------------------------------------------------------------------- free
    def _number(self, question: Question) -> list[str]:
        kind = self.company.people.archetype[self.person]
        low, high = question.minimum or 0.0, question.maximum if question.maximum is not None else 1e9
        if question.attribute == "age":
            age = (TODAY - self.company.people.birth[self.person]).astype(int) // 365.2425
            return [str(int(a)) for a in age]
        middle = np.exp(1.6 + 0.6 * _draws(question.code, 1)[kind, 0]) * self._size_of(question)
        values = np.clip(np.rint(middle * self.rng.lognormal(0, 0.6, len(kind))), low, high).astype(int).tolist()
        unit = question.unit.zh if question.unit else ""
        return [f"{v}{unit}" if self.random.random() < 0.1 else str(v) for v in values]

    def _size_of(self, question: Question) -> float:
        """Size that suits the question: near the geometric middle of what it allows."""
        if question.maximum is None or question.maximum <= 400:
            return 1.0
        return float(np.sqrt(question.maximum)) / 10

    def _date(self, _question: Question) -> list[str]:
        days = TODAY - self.rng.integers(100, 3000, len(self.person)).astype("timedelta64[D]")
        return [str(d) for d in days]

    def _text(self, question: Question) -> list[str]:
        if question.attribute == "school_major":
            return [
                f"{self.random.choice(SCHOOLS)} {self.random.choice(MAJORS)}"
                if self.random.random() < 0.8
                else self.random.choice(MAJORS)
                for _ in self.person
            ]
        return [
            self.random.choice(TEXT_ANSWERS.get(question.code, ("还没想好", "一般", "看情况", "没有", "差不多")))
            for _ in self.person
        ]

    def _noted(self, question: Question, symbols: tuple[tuple[str, str], ...]) -> list[str]:
        """Notes of an interviewer: one to three remarks from the symbols of the grammar."""
        cells = []
        for row in range(len(self.person)):
            symbol, sentiment = self.random.choice(symbols)
            texts = dict.fromkeys(
                grammar.expand(symbol, self.random, "车") for _ in range(self.random.choice((1, 1, 2, 3)))
            )
            text = self.random.choice(("；", "，", "。")).join(texts)
            self.spoken.append(Spoken(row, question.code, text, sentiment, question.code))
            cells.append(text)
        return cells

    def _open(self, question: Question) -> list[str]:
        if question.code in NOTES:
            return self._noted(question, NOTES[question.code])
        moods = mood_of(self.company, self.person, self.rng).tolist()
        likes = np.array([a.categories for a in ARCHETYPES])
        category = pick_rows(likes, self.company.people.archetype[self.person], self.rng).tolist()
        cells = []
        for row, mood in enumerate(moods):
            if self.random.random() < 0.35:
                cells.append(self.random.choice(("", "", "无", "没有")))
                continue
            if question.attribute is None:
                made = grammar.write_review(self.random, category[row], mood)
                self.spoken.append(Spoken(row, question.code, made.text, made.sentiment, made.topic))
                cells.append(made.text)
            else:
                text = grammar.write_wish(self.random, category[row])
                self.spoken.append(Spoken(row, question.code, text, "neutral", "wish"))
                cells.append(text)
        return cells


_JOB_CODES = (
    "company_staff",
    "civil_servant",
    "professional",
    "professional",
    "self_employed",
    "professional",
    "company_staff",
    "freelancer",
    "student",
    "retired",
    "worker",
    "manager",
    "professional",
    "worker",
)
TEXT_ANSWERS: Mapping[str, tuple[str, ...]] = {
    "interviewer": ("周航", "林可", "赵一鸣", "何静"),
    "place": ("店里", "市场办公室", "茶馆", "4S 店休息区", "家中"),
    "car_model": ("微面 2021 款", "小卡 1.5L", "电动厢货", "皮卡", "七座面包车"),
    "home_town": ("浙江 温州", "河南 周口", "四川 达州", "安徽 阜阳", "湖南 邵阳", "本地"),
    "media_names": ("本地交通台", "短视频里的修车号", "同行群", "新闻联播", "搞笑账号", "财经早餐"),
}
NOTES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "compared": (("car.compared", "neutral"),),
    "routes": (("car.route", "neutral"),),
    "good_points": (("car.good", "positive"),),
    "bad_points": (("car.bad", "negative"),),
    "wishes": (("car.wish", "neutral"),),
    "dealer_notes": (("car.dealer", "neutral"),),
    "notes": (("car.note", "neutral"),),
}


def _draws(name: str, count: int) -> Floats:
    """Likings [archetypes, count] that belong to a question for ever: drawn from its name."""
    return np.random.default_rng([zlib.crc32(name.encode()), 1]).normal(0, 1, (len(ARCHETYPES), count))


def _popular(name: str, count: int) -> Floats:
    return np.random.default_rng([zlib.crc32(name.encode()), 2]).normal(0, 0.5, count)


def _bands(values: Floats, edges: tuple[float, ...], words: tuple[str, ...]) -> npt.NDArray[np.str_]:
    return np.array(words)[np.searchsorted(edges, values, side="right")]
