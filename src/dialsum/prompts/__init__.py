"""From a dialogue to what a model reads: text, then token ids."""
