"""What an answer lacks, by the official SDK's own models.

The SDK accepts any body and leaves what is missing at None, so that "it parsed" proves nothing;
what its models mark as required must really have been sent.
"""

from __future__ import annotations

from pydantic import BaseModel


def lacking(answer: object, path: str = "") -> list[str]:
    """Name every required field that was not in the body, at any depth."""
    if isinstance(answer, list):
        return [
            name for index, item in enumerate(answer) for name in lacking(item, f"{path}[{index}]")
        ]
    if not isinstance(answer, BaseModel):
        return []
    missing = []
    for name, field in type(answer).model_fields.items():
        if not {name, field.alias} & answer.model_fields_set:
            missing += [f"{path}.{name}"] if field.is_required() else []
        else:
            missing += lacking(getattr(answer, name), f"{path}.{name}")
    return missing
