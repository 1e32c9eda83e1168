"""Synthetic rows whose lengths follow the real data. See `rows`."""
