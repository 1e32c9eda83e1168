"""How many operations the training of a Llama takes, and which share of a device's peak that is.

Enters: a Shape, the rows' lengths, the method, seconds. Leaves: model FLOPs utilization (MFU: Chowdhery et al. 2022,
"PaLM", appendix B): operations that the loss cannot do without, by the second, by the device's dense bf16 peak. What
padding and the recomputation of checkpointing take is time, and no operation that counts. With N the weights of all
linear layers but the output layer, A those of the adapter, q the width of all queries:

    a token             full 6 N (2 forward, 2 for the gradient of its inputs, 2 for that of the weights)
                        lora, qlora 4 N + 6 A: frozen weights need no gradient
    a row of L tokens   attention 6 q L² a layer: 2 q L² for scores and as much for values, half of both by causality,
                        and twice that backward
    a token with label  the output layer, hidden x vocabulary: 6 each for full, else 4; other tokens need no logits
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Shape
    from dialsum.params.training import Method

# Dense bf16 with float32 sums, in FLOP/s, as NVIDIA's data sheets have it; H100 and H200 as SXM.
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "4090": 165e12, "3090": 71e12}


def peak_of(device: str) -> float | None:
    """FLOP/s of a device by its name, None if it is not in the list."""
    return next((peak for name, peak in PEAKS.items() if name in device), None)


def linear_weights(shape: Shape) -> int:
    """N: weights of the linear layers of all decoder layers."""
    attention = 2 * shape.hidden * (shape.queries + shape.key_values)
    return shape.decoder_layers * (attention + (3 if shape.gated else 2) * shape.hidden * shape.intermediate)


def training_flops(shape: Shape, method: Method, rank: int, rows: Iterable[tuple[int, int]]) -> float:
    """Operations for an epoch of `rows`, each of so many tokens and so many labels."""
    from dialsum.modeling.memory import adapter_weights

    often, adapter = (6, 0.0) if method == "full" else (4, adapter_weights(shape, rank))
    a_token = often * linear_weights(shape) + 6 * adapter
    a_label = often * shape.hidden * shape.vocabulary
    attention = 6 * shape.decoder_layers * shape.queries
    return sum(tokens * a_token + tokens**2 * attention + labels * a_label for tokens, labels in rows)
