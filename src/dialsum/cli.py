"""`dialsum COMMAND`: what people type besides `dvc` and `make`.

A command is the function `main` of the module of its name in `dialsum.commands`, imported only when it is called:
`dialsum serve` need not wait for the imports of any other.
"""

from __future__ import annotations

import importlib
import keyword
import os
import sys

import click

from dialsum.errors import InputError

COMMANDS = {
    "cache": "Free the disk of hub models and of unfinished work.",
    "check": "Say what is wrong with params.yaml.",
    "compare": "Say whether the predictions B are better than A.",
    "doctor": "Show what this machine has, and which models fit it.",
    "ensemble": "Join predictions of several models into one file.",
    "experiment": "Run one experiment with other values.",
    "experiments": "Run and show the sets of experiments.yaml.",
    "export": "Write a model's merged weights in the hub's format.",
    "import": "Turn dialogues of another form into the files that data.dir needs.",
    "log": "Add the runs in MLflow that are missing in docs/experiments.md.",
    "models": "Show the base models and the GPU memory that each needs.",
    "register": "Record and register again what `dvc pull` brought.",
    "registry": "Show the versions of the model, and choose the champion.",
    "report": "Compare experiments, and say what follows.",
    "score": "Score PREDICTIONS against REFERENCES.",
    "serve": "Serve the champion over HTTP.",
    "summarize": "Summarize the dialogues of FILE (- for standard input).",
    "synthesize": "Make a synthetic data set of any size.",
    "tokens": "Show how long prompts are in any tokenizer.",
    "tune": "Look for the best values within the ranges of a search.",
    "ui": "Show all runs in MLflow's web page.",
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(module_of(cmd_name)).main
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `dialsum --help`, which imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


def module_of(command: str) -> str:
    """The module of a command: its name, with an underscore after a word that Python keeps for itself (`import`)."""
    return f"dialsum.commands.{command}{'_' if keyword.iskeyword(command) else ''}"


@click.command(cls=LazyGroup)
def group() -> None:
    """Experiments in Korean dialogue summarization."""


def main() -> None:
    """Run the command that the arguments name; what the user can mend is one line, not a traceback."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        group()
    except InputError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
