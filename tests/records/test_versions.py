"""What commands do with a registered version, without a server: summarize with its own code, and export it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dialsum.commands import export, summarize
from dialsum.errors import InputError
from dialsum.modeling import merging
from dialsum.records import versions

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_version_is_found_by_number_alias_and_folder(shared_champion: ModelVersion) -> None:
    folder, number = versions.locate(None), str(shared_champion.version)
    assert versions.locate(number) == versions.locate("champion") == versions.locate(str(folder)) == folder
    assert versions.read_settings(folder)["serving"]["max_rows"] == 4
    for name in ("99", "9" * 20, "nobody"):
        with pytest.raises(InputError, match=f"^--model {name}: is no version, no alias and no folder"):
            versions.locate(name)
    with pytest.raises(InputError, match=r"has no artifacts/settings\.json; expected is a model of dialsum"):
        versions.locate(str(folder / "artifacts"))


@pytest.mark.usefixtures("champion")
def test_a_version_whose_weights_lie_elsewhere_is_refused() -> None:
    folder = versions.locate(None)
    assert (versions.artifact(folder, "trained") / "adapter_model.safetensors").is_file()
    listing = folder / "MLmodel"
    place = versions.artifact(folder, "trained").relative_to(folder.resolve())
    listing.write_text(listing.read_text().replace(f"path: {place}", "path: ../../../../secret"))
    with pytest.raises(InputError, match=r"MLmodel: artifacts\.trained: lies outside of the folder"):
        versions.artifact(folder, "trained")


@pytest.mark.usefixtures("client")
def test_without_a_champion_it_says_what_to_do() -> None:
    with pytest.raises(InputError, match="no model is the champion yet; run `make repro`"):
        versions.locate(None)


@pytest.mark.usefixtures("shared_champion")
def test_a_version_holds_no_pickle_and_names_what_a_request_may_choose() -> None:
    from mlflow.models import Model

    folder = versions.locate(None)
    assert not [
        path for path in folder.rglob("*") if path.suffix in {".pkl", ".bin", ".pt", ".pth", ".ckpt", ".pickle"}
    ]
    assert not [path for path in folder.rglob("*") if path.is_file() and path.read_bytes()[:1] == b"\x80"]
    signature = Model.load(str(folder)).signature
    assert signature.inputs.input_names() == ["dialogue"]
    assert {param.name: param.default for param in signature.params.params} == {"max_new_tokens": 16, "num_beams": 1}


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("shared_champion")
def test_summarize_answers_as_the_pipeline_does(
    summaries: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"fname": f"row_{number}", "dialogue": text} for number, text in enumerate([*summaries] * 2)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    summarize.main([str(path), "--json"], standalone_mode=False)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers == [{"id": row["fname"], "text": summaries[row["dialogue"]]} for row in rows]


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("shared_champion")
def test_export_writes_a_model_of_the_hubs_format_that_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS", 4)
    target = tmp_path / "merged"
    export.main(["--merged", str(target)], standalone_mode=False)
    assert capsys.readouterr().out == (
        f"{target}: float32, 4 of 4 summaries are those of the adapter; use it by `-S model.path={target}`\n"
    )
    written = contents(target)
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} <= written.keys()
    assert json.loads(written["generation_config.json"])["max_new_tokens"] == 16

    with pytest.raises(InputError, match="is there already and is not overwritten"):
        export.main(["--merged", str(target)], standalone_mode=False)
    assert contents(target) == written


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("shared_champion")
def test_export_leaves_nothing_if_the_merged_model_says_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = merging.merge

    def without_adapter(base: Path, _: Path, generation: object, target: Path) -> None:
        bare = tmp_path / "bare"
        bare.mkdir()
        (bare / "trained.json").write_text(json.dumps({"method": "none", "in_force": {}}))
        merge(base, bare, generation, target)  # type: ignore[arg-type]

    monkeypatch.setattr(export, "ROWS", 4)
    monkeypatch.setattr(merging, "merge", without_adapter)
    with pytest.raises(InputError, match="of 4 summaries are not those of the adapter, so it is not written"):
        export.main(["--merged", str(tmp_path / "merged")], standalone_mode=False)
    assert [path.name for path in tmp_path.glob("merged*")] == []
