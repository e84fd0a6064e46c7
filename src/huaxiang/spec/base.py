"""What all written definitions share: the frozen base type, names, texts for people, and value types."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="snake_case name, unique within its kind")]


class Spec(BaseModel):
    """Base of all definitions: immutable, unknown keys refused; what is wrong is in no error of pydantic, it may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


class Text(Spec):
    """A text for people in Chinese and English; a plain YAML string stands for both."""

    zh: str
    en: str


Title = str | Text | None
ValueType = Literal["text", "integer", "number", "money", "date", "datetime", "boolean", "list"]
