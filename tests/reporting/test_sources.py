"""One experiment, as DVC keeps it and as stage register records it in MLflow: the same values, and the same report."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from dialsum import cli
from dialsum.errors import InputError
from dialsum.experiments.queue import Queue, Task
from dialsum.records import store, tracking
from dialsum.reporting import commits, runs
from dialsum.stages import register

ROOT = Path(__file__).parents[2]
PIPELINE = """\
stages:
  all:
    cmd: python left.py
    deps: [left.py]
    params: [training]
    outs:
      - data/scores/dev.csv
      - data/prepared/dev.jsonl
      - models/base
      - models/trained
    metrics:
      - metrics: {cache: false}
    plots:
      - plots/training.csv: {cache: false}
"""
SETS = """\
sets:
  seeds:
    describe: another seed, and another batching
    common: [training.batching=padded]
    experiments:
      one: [training.seed=1]
      two: [training.seed=2]
      packed: [training.seed=2, training.batching=packed]
      later: [training.seed=3]
    gates:
      two:
        criteria: [rouge.rouge1 > 35, train.max_grad_norm < 1.5, rouge.rouge_mean kept one]
        otherwise: Lower the rate.
"""


@dataclass(frozen=True)
class Pair:
    """A repository with three experiments of the set, and a store with a run of each."""

    path: Path
    runs: dict[str, str]

    def command(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(arguments, cwd=self.path, env=environment(self.path), capture_output=True, text=True)
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def dialsum(self, *arguments: str, status: int = 0) -> str:
        """What the command prints, called in this process, or the message by which it refuses."""
        with chdir(self.path):
            done = CliRunner().invoke(cli.group, arguments)
        if status and isinstance(done.exception, InputError):
            return f"error: {done.exception}"
        assert done.exit_code == status, done.output
        return done.output


def environment(path: Path) -> dict[str, str]:
    foreign = ("DVC_", "MLFLOW_", "_MLFLOW_", "GIT_", "PYTEST_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    return {
        **kept,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(path.parent / "site"),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        **{f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
    }


@pytest.fixture(scope="module")
def both(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    path = tmp_path_factory.mktemp("both") / "repository"
    path.mkdir()
    shutil.copy(empty_database, path / "mlflow.db")
    (path / "dvc.yaml").write_text(PIPELINE)
    (path / "experiments.yaml").write_text(SETS)
    (path / ".gitignore").write_text("/.dialsum/\n/mlflow.db*\n/mlartifacts/\n/reports/\n__pycache__/\n")
    shutil.copy(ROOT / "tests" / "params.yaml", path)
    shutil.copy(Path(__file__).with_name("left.py"), path)
    shutil.copytree(ROOT / "catalog", path / "catalog")
    found = Pair(path, {})
    for line in ("git init -q -b main", "dvc init -q", "git add --all", "git commit -q -m start"):
        found.command(*line.split())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.setenv("DVC_ROOT", str(path))
        for name in (*store.ENVIRONMENT, "MLFLOW_TRACKING_URI", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
            patch.setenv(name, "")
        client = store.connect()
        for name, seed, batching in (("one", 1, "padded"), ("two", 2, "padded"), ("packed", 2, "packed")):
            values = ("-S", f"training.seed={seed}", "-S", f"training.batching={batching}")
            found.command("dvc", "exp", "run", "-q", "-n", f"seeds--{name}", *values)
            patch.setenv("DVC_EXP_NAME", f"seeds--{name}")
            found.runs[name] = recorded(client, path)
        found.command("git", "reset", "-q", "--hard")
        yield found


def recorded(client: MlflowClient, path: Path) -> str:
    """A run as stage register writes it, without a model."""
    left = register.Left(
        **{name: Path("no-such") for name in ("prompt", "submission", "run")},
        entry=path / "catalog/tiny-llama.yaml",
        base=path / "models/base",
        trained=path / "models/trained",
        dev=path / "data/prepared/dev.jsonl",
        scores=path / "data/scores",
        metrics=path / "metrics",
        plots=path / "plots",
    )
    figures = {file.stem: json.loads(file.read_text()) for file in left.metrics.glob("*.json")}
    dev = hashlib.md5(left.dev.read_bytes(), usedforsecurity=False).hexdigest()
    folders = {"base": left.base, "trained": left.trained, "metrics": left.metrics}
    record = tracking.read_record(path / "params.yaml", left.entry, path / "dvc.lock", folders, dev)
    with tracking.recording(client, record) as run_id:
        register._log(client, run_id, left, record, figures)
        tracking.finish(client, run_id)
    return run_id


def test_both_sources_give_the_same_record(both: Pair) -> None:
    client = store.connect()
    for name, run_id in both.runs.items():
        title = f"seeds--{name}"
        of_dvc, of_mlflow = commits.read(title, commits.find(title)), runs.read(client, [run_id])[0]
        assert replace(of_dvc, source=run_id, when=of_mlflow.when) == of_mlflow
        assert (len(of_dvc.answers), len(of_dvc.dialogues), of_dvc.note) == (20, 20, "")
        assert of_dvc.params["training.learning_rate"] == "0.005", "the catalog's value, in force"
        assert len(of_dvc.curve) == 4 * (1 + int(of_dvc.params["training.seed"]))


def test_dvc_and_mlflow_list_the_same_experiments_with_the_same_values(both: Pair) -> None:
    rows = json.loads(both.command("dvc", "exp", "show", "--json"))
    listed = {rev["name"]: rev["data"] for row in rows for found in row["experiments"] or [] for rev in found["revs"]}
    client = store.connect()
    named = {f"seeds--{name}": client.get_run(run_id).data for name, run_id in both.runs.items()}
    assert listed.keys() == named.keys()
    for name, data in listed.items():
        metrics: dict[str, float] = {}
        for file, content in data["metrics"].items():
            metrics |= dict(tracking._numbers(Path(file).stem, content["data"]))
        run = named[name]
        assert {key: run.metrics[key] for key in metrics} == metrics
        assert run.params["training.seed"] == str(data["params"]["params.yaml"]["data"]["training"]["seed"])


def rows(path: Path, title: str) -> list[str]:
    section = path.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    return lines[1:]


def test_a_set_is_reported_from_either_source_alike(both: Pair) -> None:
    printed = both.dialsum("report", "seeds")
    assert "two is as fast as one (40.0 s an epoch against 40.0), score higher (+1.25, " in printed
    assert "packed is 1.4× faster than two (28.5 s an epoch against 40.0), each row scores the same." in printed
    assert "two fails its gate: train.max_grad_norm < 1.5: 3.4321. Lower the rate." in printed
    assert "Not finished: later." in printed
    assert "reports/seeds/report.html" in printed
    both.dialsum("report", "--runs", *both.runs.values(), "--out", "reports/other")
    both.dialsum("report", "--experiments", *(f"seeds--{name}" for name in both.runs))
    reports = [both.path / "reports" / name / "report.md" for name in ("seeds", "other", "experiments")]
    for title in ("What differs", "Scores", "Against the one before", "Against the best", "Training", "Gates"):
        first, *others = [rows(report, title) for report in reports]
        assert first
        assert others == [first, first]
    rouge = json.loads(both.command("git", "show", f"{commits.find('seeds--two')}:metrics/rouge.json"))
    cells = next(line for line in rows(reports[0], "Scores") if line.startswith("| two ")).split(" | ")
    assert cells[1] == f"{rouge['rouge1']:.2f} (59.50 to 64.25)"
    client = store.connect()
    assert cells[1].startswith(f"{client.get_run(both.runs['two']).data.metrics['rouge.rouge1']:.2f} ")


def test_the_gates_of_a_set_are_those_of_its_report(both: Pair) -> None:
    both.dialsum("report", "seeds")
    criterion, result, measured = rows(both.path / "reports/seeds/report.md", "Gates")[2].strip("| ").split(" | ")[1:]
    assert (criterion, result) == ("rouge.rouge\\_mean kept one", "PASS")
    assert measured.startswith("62.00 against 60.75 (+1.25, 95 % ")
    assert measured.endswith(") (row by row)")
    assert f"two: PASS rouge.rouge_mean kept one: {measured}" in both.dialsum("experiments", "show", "seeds")


def test_one_that_crashed_says_why(both: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "later.out"
    output.write_text("step 2\ntraining: loss is nan by step 3\nERROR: failed to reproduce 'all'\n")
    task = Task("seeds--later", "failed", "", "", output, 1)
    monkeypatch.setattr(Queue, "tasks", lambda _: {task.name: task})
    printed = both.dialsum("report", "seeds")
    assert "later failed: training: loss is nan by step 3." in printed
    assert "Not finished" not in printed
    task = replace(task, status=-9)
    assert "later failed: it was killed." in both.dialsum("report", "seeds")


def test_one_that_was_made_otherwise_says_so(both: Pair, tmp_path: Path) -> None:
    copy = Pair(tmp_path / "copy", {})
    shutil.copytree(both.path, copy.path, symlinks=True)
    text = (copy.path / "experiments.yaml").read_text()
    (copy.path / "experiments.yaml").write_text(text.replace("one: [training.seed=1]", "one: [training.seed=7]"))
    printed = copy.dialsum("report", "seeds")
    assert "seeds--one: made otherwise than it would be now: training.seed was 1, is 7" in printed
    records = rows(copy.path / "reports/seeds/report.md", "Records")
    assert records[0].endswith("| made otherwise than it would be now: training.seed was 1, is 7 |")
    assert records[1].endswith("|  |")
    shown = copy.dialsum("experiments", "show", "seeds")
    assert "seeds--one: made otherwise than it would be now: training.seed was 1, is 7" in shown
    assert ["seeds--one", "outdated", "60.75"] in [line.split()[:3] for line in shown.splitlines()]
    assert ["seeds--two", "done", "62.00"] in [line.split()[:3] for line in shown.splitlines()]


def test_without_the_cache_figures_stay_and_rows_are_lost(both: Pair, tmp_path: Path) -> None:
    copy = Pair(tmp_path / "copy", {})
    shutil.copytree(both.path, copy.path, symlinks=True)
    shutil.rmtree(copy.path / ".dvc" / "cache")
    printed = copy.dialsum("report", "seeds")
    assert (
        "two is as fast as one (40.0 s an epoch against 40.0), the scores do not compare: no scores of rows" in printed
    )
    assert rows(copy.path / "reports/seeds/report.md", "Scores") == rows(
        both.path / "reports/seeds/report.md", "Scores"
    )


def test_a_remote_without_its_plugin_costs_the_rows_and_is_named(both: Pair, tmp_path: Path) -> None:
    copy = Pair(tmp_path / "copy", {})
    shutil.copytree(both.path, copy.path, symlinks=True)
    shutil.rmtree(copy.path / ".dvc" / "cache")
    copy.command("dvc", "remote", "add", "--local", "-d", "team", "s3://our-bucket/dialsum")
    copy.dialsum("report", "--experiments", "seeds--one")
    (record,) = rows(copy.path / "reports/experiments/report.md", "Records")
    assert record.endswith(f"| {commits.LOST}; s3 is supported, but requires 'dvc-s3' to be installed |")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "experiments.yaml: sets: there is no 'nothing'; expected is one of seeds"),
        (["seeds", "other"], "NAMES: one set; with --experiments or --runs, several of these"),
        (["--runs", "a", "a"], "a: is named twice"),
        (["--runs", "a", "--model", "b"], "--model: belongs to a set; remove it"),
        (["--runs", "0" * 32], f"{'0' * 32}: is no run of dialsum in MLflow's store; `dialsum ui` shows their ids"),
        (["--experiments", "nobody"], "nobody: is no experiment and no commit; `dvc exp list --all-commits` names the"),
        (["--experiments", "main"], "main: its metrics/rouge.json has no rouge_mean"),
        (
            ["seeds", "--model", "tiny-llama"],
            "seeds: nothing of it is finished; `dialsum experiments run seeds --model tiny-llama` runs it",
        ),
    ],
)
def test_what_cannot_be_reported_is_one_line(both: Pair, arguments: list[str], message: str) -> None:
    printed = both.dialsum("report", *arguments, status=1)
    assert f"error: {message}" in printed


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        (store.EXPERIMENT, "the run is running, and its record not complete"),
        (store.LIVE_EXPERIMENT, "is a run of dialsum-live, which has the curves of a training and no scores"),
    ],
)
def test_a_run_without_a_record_is_refused(experiment: str, message: str) -> None:
    client = store.connect()
    run_id = client.create_run(store.experiment(client, experiment)).info.run_id
    with pytest.raises(InputError, match=f"^{run_id}: {message}"):
        runs.read(client, [run_id])
    client.delete_run(run_id)


@pytest.mark.usefixtures("both")
def test_a_live_run_is_named_as_such() -> None:
    client = store.connect()
    run_id = client.create_run(store.experiment(client, store.LIVE_EXPERIMENT)).info.run_id
    client.set_terminated(run_id)
    with pytest.raises(InputError, match=f"^{run_id}: is a run of dialsum-live, which has the curves of a training"):
        runs.read(client, [run_id])
    client.delete_run(run_id)


def test_the_unique_beginning_of_an_id_is_enough(both: Pair) -> None:
    client = store.connect()
    one, two, third = both.runs.values()
    short = next(one[:size] for size in range(1, 33) if not (two + " " + third).count(one[:size]))
    assert [record.source for record in runs.read(client, [short, two])] == [one, two]
    with pytest.raises(InputError, match=f"^{one}: is the same run as {short}$"):
        runs.read(client, [short, one])
    with pytest.raises(InputError, match=r"^: begins the ids of 3 runs; write more of it$"):
        runs.read(client, [""])


def test_code_that_no_commit_has_is_seen_in_both_sources(both: Pair, tmp_path: Path) -> None:
    copy = Pair(tmp_path / "copy", {})
    shutil.copytree(both.path, copy.path, symlinks=True)
    with (copy.path / "left.py").open("a") as file:
        file.write("# another\n")
    copy.command("dvc", "exp", "run", "-q", "-n", "edited", "-S", "training.seed=1", "-S", "training.batching=padded")
    with chdir(copy.path), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(copy.path))
        patch.setenv("DVC_EXP_NAME", "edited")
        run_id = recorded(store.connect(), copy.path)
        assert runs.read(store.connect(), [run_id])[0].code == commits.read("", commits.find("edited")).code != {}
    copy.dialsum("report", "--runs", run_id, both.runs["one"])
    assert rows(copy.path / "reports/runs/report.md", "What differs")[0].startswith("| code (left.py) |")


def log(both: Pair) -> list[list[str]]:
    text = (both.path / "docs/experiments.md").read_text()
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.endswith("` |")]


def test_the_log_has_a_line_a_run_and_keeps_what_stands_there(both: Pair) -> None:
    assert both.dialsum("log") == "docs/experiments.md: 3 lines added\n"
    one, two, packed = log(both)
    assert [line[1] for line in (one, two, packed)] == ["seeds--one", "seeds--two", "seeds--packed"]
    assert [line[-1] for line in (one, two, packed)] == [f"`{run_id}`" for run_id in both.runs.values()]
    assert (one[2], one[8]) == ("the first on these dev rows", "nothing to compare it with")
    assert (two[2], two[6]) == ("training.seed: 1 → 2", "62.00 (59.50 to 64.25)")
    assert two[8].startswith("against seeds--one: score higher (+1.25, 95 % +")
    assert packed[2] == "training.batching: padded → packed"
    assert packed[8] == "against seeds--two: each row scores the same"

    file = both.path / "docs/experiments.md"
    text = file.read_text()
    # Somebody writes above, in and below the table, and takes a line away.
    edited = "My words.\n\n" + text.replace("the first on these dev rows", "by hand") + "\nAnd below.\n"
    file.write_text("\n".join(line for line in edited.splitlines() if both.runs["two"] not in line) + "\n")
    assert both.dialsum("log") == "docs/experiments.md: 1 line added\n"
    again = file.read_text()
    assert [line[1] for line in log(both)] == ["seeds--one", "seeds--packed", "seeds--two"]
    assert "| by hand |" in again
    assert again.startswith("My words.\n\n")
    assert again.endswith("\nAnd below.\n")
    assert both.dialsum("log") == "docs/experiments.md: 0 lines added\n"
    assert file.read_text() == again
    # Words part the table, and below it stands another.
    parted = [line for line in again.splitlines() if both.runs["two"] not in line]
    place = next(place for place, line in enumerate(parted) if both.runs["packed"] in line)
    file.write_text("\n".join([*parted[:place], "", "Words.", "", *parted[place:], "", "| x | `y` |", ""]))
    assert both.dialsum("log") == "docs/experiments.md: 1 line added\n"
    added = file.read_text().splitlines()
    place = next(place for place, line in enumerate(added) if both.runs["two"] in line)
    assert both.runs["packed"] in added[place - 1]
    file.write_text("# My own\n")
    assert "error: docs/experiments.md: holds no table of `dialsum log`" in both.dialsum("log", status=1)
    assert file.read_text() == "# My own\n"
    file.unlink()


def test_a_run_whose_files_are_gone_is_left_out_of_the_log_until_they_are_back(both: Pair) -> None:
    file, two = both.path / "docs/experiments.md", both.runs["two"]
    files = Path(store.connect().get_run(two).info.artifact_uri.removeprefix("file://"))
    files.rename(aside := both.path / "aside")
    printed = both.dialsum("log")
    assert printed.endswith(f"{file.relative_to(both.path)}: 2 lines added\n")
    assert printed.count("left out: ") == 1
    assert printed.startswith(f"left out: {two}: its files cannot be fetched from file://{files}; see that ")
    assert [line[1] for line in log(both)] == ["seeds--one", "seeds--packed"]
    assert log(both)[1][8].startswith("against seeds--one: score higher (+1.25, ")
    assert f"error: {two}: its files cannot be fetched from " in both.dialsum("report", "--runs", two, status=1)
    aside.rename(files)
    assert both.dialsum("log") == "docs/experiments.md: 1 line added\n"
    text = file.read_text()
    files.rename(aside)
    assert both.dialsum("log") == "docs/experiments.md: 0 lines added\n"
    assert file.read_text() == text, "what was written stays, whatever becomes of its files"
    aside.rename(files)
    file.unlink()


def test_a_log_that_is_not_utf_8_is_refused(both: Pair) -> None:
    file = both.path / "docs/experiments.md"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes("# Experiments\n\n말\n".encode("cp949"))
    printed = both.dialsum("log", status=1)
    assert printed == "error: docs/experiments.md: line 3 is not UTF-8; save the file as UTF-8"
    file.unlink()


@pytest.mark.parametrize("name", ["empty", "docs"])
def test_the_log_is_written_in_the_repository_alone(both: Pair, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name if name == "empty" else both.path / name
    folder.mkdir(exist_ok=True)
    there = sorted(folder.iterdir())
    printed = Pair(folder, {}).dialsum("log", status=1)
    assert printed == "error: dvc.yaml: is not here; call this in the folder of the repository"
    assert sorted(folder.iterdir()) == there
