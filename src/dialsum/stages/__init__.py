"""One module a DVC stage."""
