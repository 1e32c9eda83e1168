"""Base models, adapters, training and decoding."""
