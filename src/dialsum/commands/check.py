"""`dialsum check`: whether params.yaml can be run, without running anything.

Enters: params.yaml and the catalog's file that it names. Leaves: nothing, or all that is wrong, one fault a line. Every
stage checks the same; but keys that dvc.yaml itself reads (`data.dir`, `model.name`) must be there before DVC starts.
"""

from __future__ import annotations

from pathlib import Path

import click

from dialsum.params import sections


@click.command()
def main() -> None:
    """Say what is wrong with params.yaml."""
    sections.check(Path("params.yaml"))
