"""One module a command of `dialsum`."""
