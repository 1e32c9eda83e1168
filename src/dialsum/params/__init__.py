"""What params.yaml holds: one module a section, each a frozen dataclass, and `strict`, which reads them."""
