"""Read YAML into frozen dataclasses, or say what is wrong with it.

Enters: a YAML file, for instance params.yaml with `training: {learning_rate: fast, …}`.
Leaves: a dataclass, or an InputError such as
`params.yaml: training.learning_rate: input should be a valid number, got 'fast'`.

YAML 1.2 (ruamel) is read and not 1.1 (PyYAML), because DVC writes 2e-5 as `2e-05`, which 1.1 takes for a text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dialsum.errors import InputError

T = TypeVar("T")

# No key is ignored, no value is converted ("3" is not 3), none is infinite, and none can be set afterwards.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds. Raises InputError if it cannot be read or holds no mapping."""
    try:
        content = YAML(typ="safe").load(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: should hold keys and values, but holds {type(content).__name__}")
    return content


def parse(schema: type[T], content: object, where: str) -> T:
    """`content` as a `schema`. `where` starts the message of the InputError: file, then section."""
    try:
        # As JSON, because strict Python input would have to be dataclass instances already.
        return TypeAdapter(schema).validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        raise InputError("\n".join(_message(where, item) for item in error.errors())) from error


def load(path: Path, section: str, schema: type[T]) -> T:
    """One section of params.yaml as its dataclass."""
    content = read_yaml(path)
    if section not in content:
        raise InputError(f"{path}: {section}: this section is missing")
    return parse(schema, content[section], f"{path}: {section}")


def _message(where: str, item: Any) -> str:
    """One finding of pydantic as `file: section.key: what is expected, what stands there`."""
    key = ".".join([where, *(str(part) for part in item["loc"])])
    if item["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{key}: unknown key; remove it, or correct its spelling"
    if item["type"] in ("missing", "missing_argument"):
        return f"{key}: this key is missing; every value is chosen in this file"
    if item["type"] == "value_error":  # a dataclass's own check, which says all
        return f"{key}: {item['ctx']['error']}"
    expected = item["msg"][0].lower() + item["msg"][1:]
    return f"{key}: {expected}, got {item['input']!r}"
