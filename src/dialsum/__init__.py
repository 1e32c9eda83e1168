"""dialsum: experiments in Korean dialogue summarization, ordered by DVC and recorded by MLflow."""
