"""What each side of truncation keeps of what a summary says.

Enters: dialogues with summaries (a file or folder that `dialsum import` reads) and a tokenizer's folder. Leaves: of the
names, nouns and numbers (Mecab) that a dialogue and its first summary share, the share that is still in the dialogue
after truncation, over the dialogues that were cut; such as

    limit  rows cut    tail    head  middle
      128       223     57%     44%     55%
      512         6     76%     86%    100%

    python benchmarks/truncation.py data/mine --tokenizer models/base --limits 128,256,512
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
from tqdm import tqdm

from dialsum.commands.tokens import ENDLESS, dialogues, read_tokenizer
from dialsum.corpus.cleaning import LABEL
from dialsum.corpus.dialogue import Dialogue
from dialsum.params.prompt import Truncation
from dialsum.prompts.encode import encode_source
from dialsum.prompts.form import Form
from dialsum.prompts.truncate import Length, fit

if TYPE_CHECKING:
    from mecab import MeCab

SIDES: tuple[Truncation, ...] = get_args(Truncation)
CONTENT = ("NNG", "NNP", "NR", "SN", "SL", "SH")  # nouns, names, numbers; words in Latin letters and in Han


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--tokenizer", "folder", type=click.Path(path_type=Path), required=True, help="Folder with tokenizer.json"
)
@click.option("--limits", default="128,256,512", show_default=True, help="max_source_tokens, parted by commas")
def main(data: Path, folder: Path, limits: str) -> None:
    """Compare the three sides on the dialogues of DATA that have a summary."""
    from mecab import MeCab

    tokenizer, family = read_tokenizer(folder)
    form = Form("plain", "none")
    given = [dialogue for dialogue in dialogues(data, {}) if dialogue.references]

    def length(dialogue: Dialogue) -> int:
        return len(encode_source(tokenizer, family, dialogue, form, ENDLESS, "middle").ids)

    click.echo(f"{'limit':>5}{'rows cut':>10}" + "".join(f"{side:>8}" for side in SIDES))
    for limit in map(int, limits.split(",")):
        cut = [dialogue for dialogue in given if length(dialogue) > limit]
        shares = [kept_share(cut, length, limit, side, MeCab()) for side in SIDES]
        click.echo(f"{limit:5}{len(cut):10}" + "".join(f"{share:8.0%}" if cut else f"{'–':>8}" for share in shares))


def kept_share(cut: Sequence[Dialogue], length: Length, limit: int, side: Truncation, mecab: MeCab) -> float:
    """Of the words that dialogues and summaries share, the share (0 to 1) that is left; 0 if they share none."""
    shared = kept = 0
    for dialogue in tqdm(cut, desc=f"{limit} {side}", unit="row", disable=None):
        words = content(mecab, dialogue.references[0]) & content(mecab, dialogue.text())
        shared += len(words)
        kept += len(words & content(mecab, fit(dialogue, length, limit, side).dialogue.text()))
    return kept / shared if shared else 0.0


def content(mecab: MeCab, text: str) -> set[str]:
    """The words of a text that say what it is about; a speaker's label would be in any turn."""
    return {word for word, tag in mecab.pos(LABEL.sub(" ", text)) if tag in CONTENT}


if __name__ == "__main__":
    main()
