"""Each benchmark with a few rows by its real command line: that it runs, and what its table looks like."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMBER = r"[\d,.]+"


def run(name: str, *arguments: str | Path) -> list[str]:
    """The lines that it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}
    program = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def assert_shape(lines: list[str], *patterns: str) -> None:
    assert len(lines) == len(patterns), "\n".join(lines)
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(pattern.replace("N", NUMBER).replace(" ", " +"), line.strip()), line


MACHINE = r".*, N cores, 1 threads; Python N, torch N\S*, transformers N, trl N, peft N"
TEXTS = "{} dialogues, torch.float32, batches of {}, beams: {}, at most {} tokens, N different texts"


def test_rouge_scores() -> None:
    lines = run("rouge_scores", "--rows", "20", "--repeat", "1")
    assert_shape(
        lines,
        "20 pairs, N and N morphemes on average, greatest difference 0e[+]00",
        "seconds pairs/s",
        "rouge package N N",
        "dialsum N N N times as fast",
        "dialsum with Mecab N N",
    )


def test_truncation(small_base: Path, tmp_path: Path) -> None:
    """Seven turns of one length; the summary has a word of the first, one of the last, and one of no turn."""
    middle = "\n".join(f"#Person{1 + number % 2}#: 그래서 어떻게 하면 좋을까요?" for number in range(5))
    dialogue = f"#Person1#: 제주도에 함께 갑시다.\n{middle}\n#Person2#: 비행기를 타고 갑시다."
    (tmp_path / "train.csv").write_text(
        f'fname,dialogue,summary\na,"{dialogue}",#Person1#은 제주도에 가려고 비행기를 찾고 냉면을 먹는다.\n',
        encoding="utf-8",
    )
    lines = run("truncation", tmp_path, "--tokenizer", small_base, "--limits", "80,4096")
    assert [line.split() for line in lines] == [
        ["limit", "rows", "cut", "tail", "head", "middle"],
        ["80", "1", "50%", "50%", "100%"],
        ["4096", "0", "–", "–", "–"],
    ]


@pytest.mark.slow
def test_generation_of_random_weights() -> None:
    few = ["--rows", "5", "--repeat", "1", "--threads", "1", "--batch-size", "2", "--tokens", "6"]
    lines = run("generation", "--random", "tiny-llama", *few, "--beams", "2", "--plain-batch", "3")
    assert_shape(
        lines,
        MACHINE,
        TEXTS.format(5, 2, 2, 6),
        "dialogues/s ours is x other texts",
        "ours N 1.00 0",
        "file's order, 2 N N 0",
        "one by one N N 0",
        "ours, no rules N 1.00 0",
        "plain generate, 3 N N 0",
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["small_base", "bart_folder", "t5_folder"])
def test_generation_of_a_model_folder(kind: str, request: pytest.FixtureRequest) -> None:
    few = ["--rows", "5", "--repeat", "1", "--threads", "1", "--batch-size", "2", "--tokens", "6"]
    lines = run("generation", "--model", request.getfixturevalue(kind), *few)
    assert lines[1].startswith("5 dialogues, torch.float32, batches of 2, beams: 1")
    assert [line.split()[-1] for line in lines[3:]] == ["0"] * 5  # no text differs


@pytest.mark.slow
def test_the_rule_about_foreign_letters() -> None:
    lines = run("foreign_rule", "--threads", "1", "--repeat", "1", "--rows", "2")
    assert_shape(
        lines,
        MACHINE,
        "2 rows, 64 tokens, a vocabulary of 128,256, 100,000 of it foreign",
        "without the rule N s, with it N s: [+-]N %",
        "within the rule N s: [+]N % of the rest of its run",
    )


@pytest.mark.slow
def test_data_scale() -> None:
    lines = run("data_scale", "--rows", "20", "--rows", "40")
    stages = [f"{rows:,} {stage} N N N" for rows in (1018, 1038) for stage in ("validate", "prepare")]
    assert_shape(lines, "rows stage seconds rows/s peak MiB", *stages, "2.0 times the rows take N times the seconds")


WAYS = (
    "ours, padded", "ours, length_grouped", "ours, packed", "Trainer, padded", "Trainer, group_by_length",
    "SFTTrainer, bfd",
)  # fmt: skip
COLUMNS = "labels/s x padded x best peer padding peak MiB MFU dev loss steps"
OURS = ("ours, padded", "ours, length_grouped", "ours, packed")
PEERS = "times as fast as Trainer, padded Trainer, group_by_length SFTTrainer, bfd"
GAIN = "packed is N x our padded; the padding of that allows N x: N% of the ceiling"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_training(factory: Path) -> None:
    lines = run(
        "training", "--rows", "16", "--repeat", "1", "--threads", "1", "--hidden", "64", "--micro-batch", "4",
        "--factory", factory,
    )  # fmt: skip
    assert_shape(
        lines,
        MACHINE,
        "lora of tiny-llama, 16 rows, N tokens, at most N a row, N with a label; 4 rows a step",
        COLUMNS,
        *(f"{way} N N N N% N - N N" for way in WAYS),
        "LLaMA-Factory, grouped N N N - - - 1.5000 4",
        "",
        f"{PEERS} LLaMA-Factory, grouped",
        *(f"{way} N N N N" for way in OURS),
        GAIN,
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_training_as_on_a_gpu() -> None:
    """QLoRA with checkpointing, rows stretched to 1,224 tokens, and MFU: all but CUDA itself."""
    lines = run(
        "training", "--random", "tiny-llama", "--checkpointing", "--peak-tflops", "0.1", "--rows", "16",
        "--repeat", "1", "--threads", "1", "--micro-batch", "4",
    )  # fmt: skip
    assert_shape(
        lines,
        MACHINE,
        "qlora of tiny-llama, 16 rows, N tokens, at most 1,224 a row, N with a label; 4 rows a step",
        COLUMNS,
        *(f"{way} N N N N% N N% N N" for way in WAYS),
        "",
        PEERS,
        *(f"{way} N N N" for way in OURS),
        GAIN,
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_growth() -> None:
    lines = run("training", "--growth", "--rows", "10", "--threads", "1", "--hidden", "64", "--micro-batch", "2")
    assert_shape(
        lines,
        MACHINE,
        "rows seconds ms a row peak MiB",
        *(f"{rows} N N N" for rows in (10, 40, 160)),
        "a row costs [+-]N% to [+-]N% against the fewest rows [(]linear within 15 %: (yes|no)[)]; "
        "memory [+-]N% at most",
    )
    table = [[float(word.replace(",", "")) for word in line.split()] for line in lines[2:5]]
    for rows, seconds, milliseconds, _ in table:
        assert milliseconds * rows / 1000 == pytest.approx(seconds, abs=0.06)
    low, high, memory = (float(share) for share in re.findall(r"([+-][\d.]+)%", lines[5]))
    paces, peaks = ([row[column] for row in table] for column in (2, 3))
    # How long they take, the machine decides; the verdict must be that of these figures.
    assert low == pytest.approx(100 * (min(paces) / paces[0] - 1), abs=0.2)
    assert high == pytest.approx(100 * (max(paces) / paces[0] - 1), abs=0.2)
    assert memory == pytest.approx(100 * (max(peaks) / peaks[0] - 1), abs=0.2)
    furthest = max(-low, high)
    assert ("yes" in lines[5]) is (furthest < 15) or furthest == 15


@pytest.fixture
def factory(tmp_path: Path) -> Path:
    """A Python whose LLaMA-Factory says at once what it has measured."""
    program = tmp_path / "python"
    program.write_text(
        f"""#!{sys.executable}
import json, sys
from pathlib import Path
assert sys.argv[1:4] == ["-m", "llamafactory.cli", "train"]
settings = json.loads(Path(sys.argv[4]).read_text())
assert (Path(settings["tokenized_path"]) / "dataset_dict.json").exists()
assert settings["use_cpu"] and settings["disable_gradient_checkpointing"] and "quantization_bit" not in settings
out = Path(settings["output_dir"])
out.mkdir(exist_ok=True)
(out / "all_results.json").write_text(json.dumps({{"train_runtime": 2.0, "eval_loss": 1.5}}))
(out / "trainer_state.json").write_text(json.dumps({{"global_step": 4}}))
""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return program
