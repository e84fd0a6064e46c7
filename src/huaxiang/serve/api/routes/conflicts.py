"""The answer to who would write over what somebody else has changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from huaxiang.app.definition_files import DefinitionChanged
from huaxiang.serve.api.problems import Problem


@contextmanager
def noticing_others() -> Iterator[None]:
    """Answer 409 where what is written within has been changed by somebody else since it was read."""
    try:
        yield
    except DefinitionChanged as error:
        raise Problem("conflict", str(error), error.zh) from None
