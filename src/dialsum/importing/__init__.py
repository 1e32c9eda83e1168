"""Data sets as they were found, in the forms that people have them in."""
