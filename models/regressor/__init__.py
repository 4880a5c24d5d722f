"""The Keras regressor of future variance: estimator, preprocessing, validation and storage."""
