"""How much GPU memory a model of the catalog needs, by method: an estimate, before anything is downloaded or loaded.

Enters: an Entry, the method, and what one step holds. Leaves: a Memory, in bytes. So llama-3.2-korean-3b with qlora and
eight rows of 1,024 + 200 tokens: weights 2.8, adapter 0.4, activations 6.2, logits 1.9, spare 0.5, together 11.8 GiB.

What counts, and where it is from:

- Weights in the entry's dtype. qlora: 4.127 bits a weight (Dettmers et al. 2023, "QLoRA": 4 bits, and 0.127 for the
  quantized constants), but embedding and output layer in float32, as peft's prepare_model_for_kbit_training makes them.
- What learns, in float32: 4 bytes a weight, 4 its gradient, 8 the two moments of AdamW (Rajbhandari et al. 2020,
  "ZeRO", section 3). full learns all weights, and has no other copy of them.
- Activations, by token and layer: NUMBERS, counted with autograd's saved_tensors_hooks on transformers' Llama, BART and
  T5 (tests/modeling/test_memory.py counts again). With checkpointing each layer keeps its input, and one layer at a
  time the rest (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
- Logits of the target's tokens alone (modeling/batching.without_prompt_logits), as logits, in float32 for the loss, and
  their gradient. A batch of prompts of very different lengths has more of them.
- Generation: weights, keys and values of all layers, and one layer's work on the prompts.

The one measurement there is, of the project's forerunners: 19.15 GB for llama-3.2-korean-3b with qlora, rank 16, eight
rows padded to the longest, checkpointing, and the logits of all tokens. With all logits this estimate gives 23.2 GB at
the bound of 1,224 tokens a row and 19.7 GB at 1,000; how long their longest batch was, nobody wrote down. Nothing here
is measured on a GPU yet, and an error of 20 % should surprise nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialsum.modeling.catalog import Entry, Shape
from dialsum.params.training import Method

GIB = 2**30
CARD = 23.6 * GIB  # what a card sold as 24 GB (RTX 3090, RTX 4090) gives to programs
SPARE = GIB / 2  # assumed for the CUDA context, cuBLAS, and gaps between the allocator's blocks

SIZES = {"float32": 4, "bfloat16": 2, "float16": 2}  # bytes a number
FOUR_BITS = 4.127 / 8
LEARNING = 12  # bytes a weight that learns: its gradient and AdamW's moments

# Numbers of float32 that the backward pass needs of a token in a layer: so many times `hidden` for an attention (a
# decoder that reads an encoder has two), and so many times `intermediate`. An adapter keeps its own inputs too. lora
# of a causal model is counted under autocast to 16 bits; after qlora's preparation float32 runs between the layers.
NUMBERS = {
    "causal": {"full": (9.0, 4.0), "lora": (12.5, 3.0), "qlora": (17.0, 4.0)},
    "Bart": {"full": (10.0, 2.0), "lora": (18.0, 3.0), "qlora": (18.0, 3.0)},
    "T5": {"full": (12.0, 8.0), "lora": (19.0, 9.0), "qlora": (19.0, 9.0)},
}
T5_SCORES, T5_HEAD = 3, 64  # T5 adds what it learns of positions to the scores, and keeps them: three a head and key


@dataclass(frozen=True)
class Work:
    """What one step holds: rows, the longest prompt and target in tokens; the adapter's rank; if it checkpoints."""

    rows: int
    source: int
    target: int
    rank: int
    checkpointing: bool


@dataclass(frozen=True)
class Memory:
    """Bytes. `learning`: an adapter's weights, and gradients and moments of all that learns; 0 in generation."""

    weights: float
    learning: float
    activations: float
    logits: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.learning + self.activations + self.logits + SPARE


def estimate(entry: Entry, method: Method, work: Work) -> Memory:
    """What `method` needs: training, or, for `none`, generation."""
    return generation(entry, method, work) if method == "none" else training(entry, method, work)


def training(entry: Entry, method: Method, work: Work) -> Memory:
    """What training by `method` needs; `method` is not none."""
    shape = entry.shape
    if method == "full":
        weights, learning = entry.parameters * 4, entry.parameters * LEARNING
    else:
        weights = _weights(entry, method, outside=4)
        learning = adapter_weights(shape, work.rank) * (4 + LEARNING)
    precise = method == "full" or entry.dtype == "float32"
    logits = work.rows * work.target * shape.vocabulary * (4 + 4 + 4 if precise else 2 + 4 + 4)
    return Memory(weights, learning, _activations(entry, method, work), logits)


def generation(entry: Entry, method: Method, work: Work) -> Memory:
    """What generation needs of the base model (`none`) or of one that `method` has tuned; `rows` counts beams."""
    shape, size = entry.shape, SIZES[entry.dtype]
    if method == "full":  # its weights are saved as they learned
        size, weights = 4, entry.parameters * 4
    else:
        weights = _weights(entry, method, outside=size)
    adapter = adapter_weights(shape, work.rank) * 4 if method in ("lora", "qlora") else 0
    cache = shape.decoder_layers * 2 * shape.key_values * size
    prompt = (4 * shape.hidden + 3 * shape.intermediate) * size
    activations = work.rows * ((work.source + work.target) * cache + work.source * prompt)
    return Memory(weights + adapter, 0, activations, work.rows * shape.vocabulary * 4)


def adapter_weights(shape: Shape, rank: int) -> float:
    """Weights of a LoRA adapter on all linear layers of the model but the output layer."""
    attention = 2 * (shape.hidden + shape.queries) + 2 * (shape.hidden + shape.key_values)
    feed_forward = (3 if shape.gated else 2) * (shape.hidden + shape.intermediate)
    attentions = shape.encoder_layers + shape.decoder_layers * _attentions(shape)
    return rank * (attentions * attention + (shape.encoder_layers + shape.decoder_layers) * feed_forward)


def _weights(entry: Entry, method: Method, outside: int) -> float:
    """The frozen base model. `outside`: bytes a weight of the embedding and output layer, which qlora leaves whole."""
    if method != "qlora":
        return entry.parameters * SIZES[entry.dtype]
    embeddings = entry.shape.vocabulary * entry.shape.hidden * (1 if entry.shape.tied else 2)
    return (entry.parameters - embeddings) * FOUR_BITS + embeddings * outside


def _activations(entry: Entry, method: Method, work: Work) -> float:
    shape = entry.shape
    text = work.source + work.target if entry.family == "causal" else work.target
    stacks = [
        (shape.encoder_layers, work.rows * work.source, _layer(entry, method, 1, work.source)),
        (shape.decoder_layers, work.rows * text, _layer(entry, method, _attentions(shape), work.source + work.target)),
    ]
    if not work.checkpointing:
        return sum(layers * tokens * layer for layers, tokens, layer in stacks)
    kept = shape.hidden * (SIZES[entry.dtype] if method == "lora" else 4)
    # A causal model has no encoder, whose layer must not count then.
    largest = max(tokens * layer for layers, tokens, layer in stacks if layers)
    return sum(layers * tokens * kept for layers, tokens, _ in stacks) + largest


def _layer(entry: Entry, method: Method, attentions: int, keys: int) -> float:
    """Bytes a token that a layer keeps; `keys`: tokens that it may look at."""
    shape = entry.shape
    kind = "causal" if entry.family == "causal" else "T5" if entry.architecture.startswith("T5") else "Bart"
    hidden, intermediate = NUMBERS[kind][method]
    scores = T5_SCORES * shape.queries / T5_HEAD * keys if kind == "T5" else 0
    width = max(shape.hidden, shape.queries)
    return 4 * (hidden * attentions * width + intermediate * shape.intermediate + scores)


def _attentions(shape: Shape) -> int:
    """Attentions in a layer of the decoder: to itself, and to an encoder if there is one."""
    return 2 if shape.encoder_layers else 1
