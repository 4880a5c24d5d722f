"""Three classes, and the restored epoch."""

from volcast.models.lab import (
    softmax_classification,
)


def test_three_classes_are_told_apart_and_the_best_epoch_is_restored(tables):
    summary = tables["classes"]["summary"].iloc[0]
    history = tables["classes"]["history"]
    assert summary["val_accuracy"] > 0.97
    assert summary["best_epoch"] == history["val_loss"].idxmin()
    assert summary["epochs"] == summary["best_epoch"] + softmax_classification.SETTINGS.patience
    at_best = history.set_index("epoch").loc[summary["best_epoch"]]
    assert at_best["val_accuracy"] == summary["val_accuracy"]
