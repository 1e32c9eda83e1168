"""`dialsum log`: the log of all experiments.

Enters: the finished runs in MLflow. Leaves: docs/experiments.md, with a line for each.
"""

from __future__ import annotations

from pathlib import Path

import click

from dialsum.errors import InputError

FILE = Path("docs/experiments.md")


@click.command()
def main() -> None:
    """Add the runs in MLflow that are missing in docs/experiments.md.

    Each run that is finished gets a line: its date, what changed, its scores, and whether it is better than the
    earlier run that differs least. Lines and words that stand there are not changed; a line that is deleted comes back.
    """
    from dialsum.experiments.inputs import PIPELINE
    from dialsum.outputs import replacing
    from dialsum.records import reach
    from dialsum.reporting import journal

    if not PIPELINE.exists():
        raise InputError(f"{PIPELINE}: is not here; call this in the folder of the repository")
    text = _read(FILE) if FILE.exists() else ""
    written, count = journal.add(text, reach.connect(), FILE)
    if written != text:
        with replacing(FILE) as part:
            part.write_bytes(written.encode("utf-8"))
    click.echo(f"{FILE}: {count} {'line' if count == 1 else 'lines'} added")


def _read(path: Path) -> str:
    """Its text, with the ends of its lines. Raises InputError if it is not UTF-8."""
    from dialsum.corpus.encodings import undecodable_line

    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = undecodable_line(path, "utf-8")
        raise InputError(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from error
