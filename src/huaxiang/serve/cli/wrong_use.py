"""Wrong calls of the command line, told in the current language: click speaks English only."""

from __future__ import annotations

import re
from typing import Any

import click

from huaxiang.serve.cli.texts import language, t

_UNEXPECTED = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)
_NEEDS_VALUE = re.compile(r"Option '?([^' ]+)'? requires ")


def wrong_use(error: click.ClickException) -> str:
    """What is wrong with a call and what is expected; what we have no text for stands in click's words."""
    if language() == "en":
        return error.format_message()
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return _missing(error.param)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return t("wrong.value", name=_shown(error.param), expected=_expected(error.param.type) or error.message)
    if isinstance(error, click.NoSuchOption):
        near = t("wrong.near", names="、".join(sorted(error.possibilities))) if error.possibilities else ""
        return t("wrong.no_option", name=error.option_name) + near
    return _by_words(error.message) or error.format_message()


def _missing(param: click.Parameter) -> str:
    if isinstance(param, click.Option):
        told = t(param.help).split("\n", 1)[0] if param.help else ""
        return t("wrong.missing_option", name=param.opts[-1], help=told)
    return t("wrong.missing_argument", name=_shown(param))


def _shown(param: click.Parameter) -> str:
    return param.opts[-1] if isinstance(param, click.Option) else (param.metavar or (param.name or "").upper())


def _expected(kind: click.ParamType[Any]) -> str:
    """What a parameter of this type takes; empty for types that say nothing of themselves."""
    if isinstance(kind, click.Choice):
        return t("wrong.choice", choices="、".join(map(str, kind.choices)))
    if isinstance(kind, click.Path):
        return t("wrong.file" if not kind.dir_okay else "wrong.folder" if not kind.file_okay else "wrong.path")
    if isinstance(kind, click.DateTime):
        return t("wrong.date")
    if isinstance(kind, click.IntRange | click.FloatRange):
        return _range(kind.min, kind.max, t("wrong.integer" if isinstance(kind, click.IntRange) else "wrong.number"))
    return {click.INT.name: t("wrong.integer"), click.FLOAT.name: t("wrong.number")}.get(kind.name, "")


def _range(least: float | None, most: float | None, number: str) -> str:
    if least is None:
        return number
    return (
        t("wrong.at_least", number=number, least=least)
        if most is None
        else t("wrong.between", number=number, least=least, most=most)
    )


def _by_words(message: str) -> str:
    if found := _UNEXPECTED.search(message):
        return t("wrong.unexpected", words=found[1])
    if found := _NEEDS_VALUE.search(message):
        return t("wrong.needs_value", name=found[1])
    return ""
