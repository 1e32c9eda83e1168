"""What MLflow keeps: runs, versions, the served model."""
