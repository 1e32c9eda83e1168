from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dialsum.commands import models
from dialsum.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "catalog").symlink_to(ROOT / "catalog")
    (tmp_path / "params.yaml").write_bytes((ROOT / "tests" / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models.main, arguments, catch_exceptions=False)


def test_the_table_has_each_model_with_the_memory_of_each_method() -> None:
    lines = run().output.splitlines()
    assert lines[0].split() == ["name", "size", "dtype", "rate", "batch", "none", "qlora", "lora", "full"]
    row = next(line for line in lines if line.startswith("llama-3-korean-8b"))
    # 8.03e9 parameters: 15.0 GiB in 16 bits, 119.7 GiB with all that full learns.
    assert row.split() == ["llama-3-korean-8b", "8.03B", "bfloat16", "2e-05", "2", "16.0", "11.2", "18.0", "122.8!"]
    assert "llama-3-korean-8b        causal   MLP-KTLim/llama-3-Korean-Bllossom-8B; Llama 3 Community License" in lines
    assert max(map(len, lines[:14])) <= 80


def test_json_has_bytes_and_what_fits() -> None:
    found = {item["name"]: item for item in json.loads(run("--json").output)}
    assert set(found) == {path.stem for path in (ROOT / "catalog").glob("*.yaml")}
    qwen = found["qwen3-4b"]
    assert (qwen["hub"], qwen["parameters"], qwen["family"]) == ("Qwen/Qwen3-4B-Instruct-2507", 4.02e9, "causal")
    fits = {method: need["fits_24_gb"] for method, need in qwen["memory"].items()}
    assert fits == {"none": True, "qlora": True, "lora": True, "full": False}
    assert qwen["memory"]["full"]["bytes"] > 4.02e9 * 16


def test_longer_rows_need_more(tmp_path: Path) -> None:
    def qlora() -> int:
        return next(
            item["memory"]["qlora"]["bytes"] for item in json.loads(run("--json").output) if item["name"] == "qwen3-4b"
        )

    before = qlora()
    text = (tmp_path / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text.replace("max_source_tokens: 1024", "max_source_tokens: 2048"))
    assert qlora() > before


def test_outside_a_repository_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"^catalog: has no model \(NAME\.yaml\); call this in the folder"):
        run()
