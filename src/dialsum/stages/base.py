"""Stage base: the model that training starts from.

In: catalog/NAME.yaml, `model` of params.yaml. Out: models/base/, and metrics/base.json.
A model with `scratch` is trained here, and its weights lie in the folder. Of a hub model, or of a local folder
(`model.path`), only the tokenizer is kept, and base.json, which names the weights by revision and file hashes.
"""

from __future__ import annotations

from pathlib import Path

import click

from dialsum.outputs import replacing, write_json
from dialsum.params.model import Model
from dialsum.params.strict import load


@click.command()
@click.option("--entry", type=click.Path(path_type=Path), required=True)
@click.option("--base", type=click.Path(path_type=Path), required=True)
@click.option("--metrics", type=click.Path(path_type=Path), required=True)
def main(entry: Path, base: Path, metrics: Path) -> None:
    """Make, or fetch and pin, the base model."""
    from dialsum.modeling.bases import fetch_hub, make_scratch, take_folder
    from dialsum.modeling.catalog import read_entry

    chosen = load(Path("params.yaml"), "model", Model)
    model = read_entry(entry)
    with replacing(base) as part:
        part.mkdir()
        if chosen.path is not None:
            figures = take_folder(Path(chosen.path), chosen.name, model, part)
        elif model.scratch is not None:
            figures = make_scratch(model.scratch, chosen.name, model, part)
        else:
            figures = fetch_hub(chosen.name, model, part, str(entry))
    write_json(metrics, figures)
