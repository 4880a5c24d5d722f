"""The model registry: versions, model folders, MLflow's store and promotion."""
