"""Dense networks and backpropagation in plain NumPy and float64, short enough to read in full."""
