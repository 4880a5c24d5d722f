"""The model registry: versions of models, kept by MLflow, and which of them is champion.

versions         what is known of a version
model_folder     a network on disk, with all that a forecast needs
mlflow_store     MLflow's store: where it is, how it is opened, its errors
sqlite_versions  the versions read from MLflow's file without importing MLflow
mlflow_run       what a version has under its run in MLflow
registry         Registry: register, look up, set aliases, prune
champion_file    champion.json: the champion, known without MLflow
promotion        changes of champion, with their reasons in the ledger
"""
