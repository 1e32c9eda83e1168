from __future__ import annotations

import torch
from transformers import DynamicCache, LlamaConfig, MistralConfig

from dialsum.modeling.cache import RoomyLayer, roomy_cache


def test_it_holds_what_the_stock_cache_holds() -> None:
    config = LlamaConfig(num_hidden_layers=2)
    ours, stock = roomy_cache(config), DynamicCache(config=config)
    chance = torch.Generator().manual_seed(1)
    for tokens in (70, *[1] * 150):  # a prompt, and more tokens than there is room for at once, twice over
        for layer in (0, 1):
            keys, values = (torch.randn(3, 2, tokens, 4, generator=chance) for _ in range(2))
            found, expected = (cache.update(keys, values, layer) for cache in (ours, stock))
            assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
        assert ours.get_seq_length() == stock.get_seq_length()
    assert ours.get_seq_length() == 220


def test_layers_of_other_kinds_stay() -> None:
    """Mistral's first versions attend to a window of tokens, for which transformers has a layer of its own."""
    cache = roomy_cache(MistralConfig(num_hidden_layers=2, sliding_window=16))
    assert not any(isinstance(layer, RoomyLayer) for layer in cache.layers)
    assert all(isinstance(layer, RoomyLayer) for layer in roomy_cache(LlamaConfig(num_hidden_layers=2)).layers)
