"""Networks that were trained on a whole market up to a date, and how a forecast uses them."""
