from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML

from dialsum.errors import InputError
from dialsum.params.strict import STRICT, load, parse, read_yaml


@dataclass(frozen=True, config=STRICT)
class Inner:
    r: int


@dataclass(frozen=True, config=STRICT)
class Sample:
    """One field of each kind that a section has."""

    rate: Annotated[float, Field(gt=0)] | None
    rows: Annotated[int, Field(gt=0)]
    name: str
    kind: Literal["plain", "structured"]
    on: bool
    names: list[str] | None
    inner: Inner


SOUND: dict[str, Any] = {
    "rate": 0.5,
    "rows": 3,
    "name": "a",
    "kind": "plain",
    "on": True,
    "names": ["q", "k"],
    "inner": {"r": 16},
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path as a user types it: messages name it so."""
    monkeypatch.chdir(tmp_path)
    return Path("params.yaml")


def test_a_sound_section_becomes_a_frozen_dataclass() -> None:
    sample = parse(Sample, SOUND, "params.yaml: sample")
    assert sample == Sample(0.5, 3, "a", "plain", True, ["q", "k"], Inner(16))
    with pytest.raises(FrozenInstanceError):
        sample.rows = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("rate", "fast", "params.yaml: sample.rate: input should be a valid number, got 'fast'"),
        ("rate", "2e-5", "params.yaml: sample.rate: input should be a valid number, got '2e-5'"),
        ("rate", 0, "params.yaml: sample.rate: input should be greater than 0, got 0"),
        ("rate", -1.5, "params.yaml: sample.rate: input should be greater than 0, got -1.5"),
        ("rows", 1.5, "params.yaml: sample.rows: input should be a valid integer, got 1.5"),
        ("rows", 0, "params.yaml: sample.rows: input should be greater than 0, got 0"),
        ("rows", "3", "params.yaml: sample.rows: input should be a valid integer, got '3'"),
        ("rows", True, "params.yaml: sample.rows: input should be a valid integer, got True"),
        ("rows", None, "params.yaml: sample.rows: input should be a valid integer, got None"),
        ("name", 7, "params.yaml: sample.name: input should be a valid string, got 7"),
        ("kind", "fancy", "params.yaml: sample.kind: input should be 'plain' or 'structured', got 'fancy'"),
        ("on", "yes", "params.yaml: sample.on: input should be a valid boolean, got 'yes'"),
        ("on", 1, "params.yaml: sample.on: input should be a valid boolean, got 1"),
        ("names", "q", "params.yaml: sample.names: input should be a valid array, got 'q'"),
        ("names", [1], "params.yaml: sample.names.0: input should be a valid string, got 1"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_what_is_expected(key: str, value: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(Sample, {**SOUND, key: value}, "params.yaml: sample")
    assert str(caught.value) == message


def test_null_only_where_it_may_stand() -> None:
    sample = parse(Sample, {**SOUND, "rate": None, "names": None}, "params.yaml: sample")
    assert (sample.rate, sample.names) == (None, None)


def test_unknown_and_missing_keys_are_named_to_the_last_level() -> None:
    with pytest.raises(InputError) as caught:
        parse(Sample, {**{key: SOUND[key] for key in SOUND if key != "rows"}, "row": 3, "inner": {"rank": 1}}, "f: s")
    assert sorted(str(caught.value).splitlines()) == [
        "f: s.inner.r: this key is missing; every value is chosen in this file",
        "f: s.inner.rank: unknown key; remove it, or correct its spelling",
        "f: s.row: unknown key; remove it, or correct its spelling",
        "f: s.rows: this key is missing; every value is chosen in this file",
    ]


@pytest.mark.parametrize("text", [".inf", "-.inf", ".nan"])
def test_no_number_is_infinite(file: Path, text: str) -> None:
    file.write_text(f"sample: {{rate: {text}, rows: 3, name: a, kind: plain, on: true, names: null, inner: {{r: 1}}}}")
    with pytest.raises(InputError, match=r"params\.yaml: sample\.rate: "):
        load(file, "sample", Sample)


@pytest.mark.parametrize("text", ["2e-5", "2e-05", "2.0e-05", "0.00002"])
def test_a_rate_is_a_float_however_it_is_spelt(file: Path, text: str) -> None:
    """DVC writes 2e-5 as 2e-05, which YAML 1.1 takes for a text."""
    file.write_text(f"sample: {{rate: {text}, rows: 3, name: a, kind: plain, on: true, names: null, inner: {{r: 1}}}}")
    assert load(file, "sample", Sample).rate == 0.00002


def test_yes_and_no_are_texts(file: Path) -> None:
    """As in YAML 1.2: `name: no` is a name."""
    file.write_text("sample: {rate: 1, rows: 3, name: no, kind: plain, on: true, names: null, inner: {r: 1}}")
    assert load(file, "sample", Sample).name == "no"


def test_load_says_which_section_is_missing(file: Path) -> None:
    file.write_text("other: {}\n")
    with pytest.raises(InputError, match=r"^params\.yaml: sample: this section is missing$"):
        load(file, "sample", Sample)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "params.yaml: cannot be read: No such file or directory"),
        (b"", "params.yaml: should hold keys and values, but holds NoneType"),
        (b"- a\n- b\n", "params.yaml: should hold keys and values, but holds list"),
        (b"training: {seed: 1\n", "params.yaml: is not valid YAML: "),
        (b"training:\n\tseed: 1\n", "params.yaml: is not valid YAML: "),
        (b"a: 1\na: 2\n", "params.yaml: is not valid YAML: "),
        (b"a: \xb0\xa1\n", "params.yaml: is not valid YAML: "),
    ],
)
def test_a_file_that_is_no_mapping_is_one_line(file: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_yaml(file)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_section_that_is_no_mapping_is_named() -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: sample: .*, got 'all'$"):
        parse(Sample, "all", "params.yaml: sample")
    with pytest.raises(InputError, match=r"^params\.yaml: sample: .*, got None$"):
        parse(Sample, None, "params.yaml: sample")


def test_dates_and_other_yaml_kinds_are_refused_not_converted() -> None:
    day = YAML(typ="safe").load("2024-01-02")
    with pytest.raises(InputError, match=r"sample\.rows: input should be a valid integer, got '2024-01-02'"):
        parse(Sample, {**SOUND, "rows": day}, "params.yaml: sample")
