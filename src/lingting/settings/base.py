"""How a section of the settings is made: a checked model with the fields and defaults of the class beside the code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

__all__ = ["Section", "section"]


class Section(BaseModel):
    """A part of the settings. Frozen; an unknown name is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def section(settings: type[Any], ranges: Mapping[str, tuple[float, float]], *leave_out: str) -> Any:  # Any: a type
    """A checked section with the fields and defaults of a frozen settings class."""
    fields: dict[str, Any] = {}  # Any: what create_model takes
    hints = get_type_hints(settings)
    for field in dataclasses.fields(settings):
        if field.name in leave_out:
            continue
        low_high = ranges.get(field.name)
        limits = Field(ge=low_high[0], le=low_high[1]) if low_high else Field()
        fields[field.name] = (Annotated[hints[field.name], limits], field.default)
    return create_model(f"{settings.__name__}Section", __base__=Section, **fields)
