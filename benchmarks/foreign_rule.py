"""What the rule about foreign letters costs: `generate` with it and without, at a vocabulary of 128,256.

Enters: a random Llama of three layers, and a vocabulary of which 100,000 tokens are foreign. Leaves: seconds of a batch
both ways, repeated in turn, by the median; and the seconds within the rule by all others of the same run, which hold on
a machine that is busy otherwise:

    32 rows, 64 tokens, a vocabulary of 128,256, 100,000 of it foreign
    without the rule 1.562 s, with it 1.618 s: +3.6 %
    within the rule 0.066 s: +4.2 % of the rest of its run

    python benchmarks/foreign_rule.py
"""

from __future__ import annotations

import random
import statistics
import string
import time
from typing import TYPE_CHECKING, Any

import click
import machine
from generation import make_dialogues, race

if TYPE_CHECKING:
    from dialsum.modeling.vocabulary import Foreign

VOCABULARY, FOREIGN = 128_256, 100_000  # those of Llama 3, about
STEPS = 64  # tokens of each summary


@click.command()
@click.option("--rows", default=32, show_default=True, help="Dialogues of the batch")
@click.option("--repeat", default=5, show_default=True, help="Run each way so often")
@click.option("--threads", default=2, show_default=True)
def main(rows: int, repeat: int, threads: int) -> None:
    """Measure the rule."""
    import torch

    torch.set_num_threads(threads)
    click.echo(machine.describe(threads))
    measure(rows, repeat)


def measure(rows: int, repeat: int) -> None:
    """Seconds of `generate` for one batch with the rule and without, at a vocabulary of 128,256.

    Both write the same tokens, with labels, numbers, Latin names and characters in parts: the rule looks twice there.
    """
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, LogitsProcessorList

    from dialsum.modeling.foreign import ForeignBlock, homes
    from dialsum.modeling.loading import device

    class Timed(ForeignBlock):
        """Adds up the seconds that the rule takes. (On a GPU, those in which the CPU is at it.)"""

        def __call__(self, *given: Any) -> Any:
            start = time.perf_counter()
            scores = super().__call__(*given)
            inside[-1] += time.perf_counter() - start
            return scores

    inside: list[float] = []
    torch.manual_seed(1)
    shape = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=128, intermediate_size=384, num_hidden_layers=3, num_attention_heads=4,
        tie_word_embeddings=True,
    )  # fmt: skip
    model: Any = LlamaForCausalLM(shape).eval().to(device())
    tokens, script = made_vocabulary()
    texts = [f"{dialogue.text()}\n#Person1#: Jimmy와 Émilie는 Café에 있어요." for dialogue in make_dialogues(rows)]
    prompt, script = torch.randint(100, 20_000, (rows, 300)).to(model.device), script.to(model.device)
    config = GenerationConfig(max_new_tokens=STEPS, do_sample=False, eos_token_id=None, pad_token_id=0)

    def say(with_rule: bool) -> list[list[int]]:
        rules = LogitsProcessorList()
        if with_rule:
            start = time.perf_counter()
            rules.append(Timed(tokens, homes(texts, "block_unless_in_dialogue"), prompt.shape[1]))
            inside.append(time.perf_counter() - start)
        rules.append(lambda ids, scores: scores.index_fill_(1, script[ids.shape[1] - prompt.shape[1]], 1e4))
        with torch.inference_mode():
            said: list[list[int]] = model.generate(
                prompt, attention_mask=torch.ones_like(prompt), generation_config=config, logits_processor=rules
            )[:, prompt.shape[1] :].tolist()
        return said

    say(True)  # the first call of all is slower
    seconds, made = race({"without": lambda: say(False), "with": lambda: say(True)}, repeat)
    assert made["with"] == made["without"], "the rule has changed what is said"
    more = 100 * (seconds["with"] / seconds["without"] - 1)
    click.echo(f"{rows} rows, {STEPS} tokens, a vocabulary of {VOCABULARY:,}, {FOREIGN:,} of it foreign")
    click.echo(f"without the rule {seconds['without']:.3f} s, with it {seconds['with']:.3f} s: {more:+.1f} %")
    # One run's own parts: what another program does meanwhile slows both.
    own = statistics.median(inside[1:])
    click.echo(f"within the rule {own:.3f} s: {100 * own / (seconds['with'] - own):+.1f} % of the rest of its run")


def made_vocabulary() -> tuple[Foreign, Any]:
    """Foreign tokens and parts of characters as a tokenizer has them, and what is to be said.

    That is `#Person1#`, a number, jimmy in three tokens and 몇 in two, among Hangul.
    """
    import torch

    from dialsum.modeling.vocabulary import sort_tokens

    chance = random.Random(1)
    letters = string.ascii_lowercase
    short = [*letters, *(one + other for one in letters for other in letters), "person"]
    longer = ("".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(FOREIGN - len(short)))
    others = ["가".encode()] * (VOCABULARY - FOREIGN)
    others[10:20] = [digit.encode() for digit in string.digits]
    others[30] = b"#"
    # Single bytes, and the first two of the three of Hangul.
    parts = [bytes([byte]) for byte in range(0x80, 0x100)]
    parts += [bytes([first, second]) for first in range(0xEA, 0xEE) for second in range(0x80, 0xC0)]
    others[1000 : 1000 + len(parts)] = parts
    pieces = [*others, *(text.encode() for text in (*short, *longer))]
    label = ["#", "person", "1", "#"]
    said = ["가"] * 6 + label + ["가"] * 4 + ["2", "3", "가", "가", "ji", "mm", "y", "가", b"\xeb\xaa", b"\x87"]
    sentence = [pieces.index(one.encode() if isinstance(one, str) else one) for one in said]
    script = torch.tensor([sentence[step % len(sentence)] for step in range(STEPS)])[:, None]
    return sort_tokens(pieces, []), script


if __name__ == "__main__":
    main()
