"""What is asked of a data set, whether it holds, and the page that shows it."""
