"""The notebooks, from their first cell to their last, in a repository in which the pipeline has run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.timeout(1800)
FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = ("train", "inference", "finetuning")


def execute(repository: Repository, notebook: nbformat.NotebookNode, place: Path) -> list[nbformat.NotebookNode]:
    """The outputs of its cells, run as Jupyter does when it was started in `place`."""
    environment = {**repository.environment(), "PYTHONPATH": str(repository.path / "src")}
    client = NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(place)}})
    executed = client.execute(env=environment)
    return [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.mark.parametrize("name", NAMES)
def test_committed_without_outputs(name: str) -> None:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_runs_from_top_to_bottom(repository: Repository, name: str) -> None:
    notebook = nbformat.read(repository.path / "notebooks" / f"{name}.ipynb", as_version=4)
    outputs = execute(repository, notebook, repository.path / "notebooks")
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    # It looks, and leaves what the pipeline has made as it was.
    assert repository.run("git", "status", "--porcelain") == ""
    assert len(repository.runs()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_finds_the_repository_from_its_root_too(repository: Repository, name: str) -> None:
    notebook = nbformat.read(repository.path / "notebooks" / f"{name}.ipynb", as_version=4)
    first = next(place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells = [*notebook.cells[: first + 1], nbformat.v4.new_code_cell("print(os.getcwd())")]
    outputs = execute(repository, notebook, repository.path)
    assert outputs[-1].text.strip() == str(repository.path.resolve())
