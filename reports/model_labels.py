"""The names of models as a reader knows them."""

LABEL_OF_MODEL = {
    "network": "Network",
    "har": "HAR",
    "har_1000": "HAR, 1,000 days",
    "har_pooled": "HAR, pooled",
    "har_rolling": "HAR, refitted daily",
    "lhar": "LHAR",
    "lhar_pooled": "LHAR, pooled",
    "harx": "HAR-X",
    "garch": "GARCH",
    "gjr_garch_t": "GJR-GARCH-t",
    "egarch": "EGARCH",
    "trees": "Trees",
    "ewma": "EWMA",
    "mean_22": "Mean of 22",
    "last_value": "Last value",
}


def model_label(model: str) -> str:
    """Return the name of a model as a reader knows it."""
    return LABEL_OF_MODEL.get(model, model.replace("_", " "))
