"""What came of experiments: a report that compares them and decides, and the log of all of them."""
