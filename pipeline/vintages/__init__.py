"""Pretrained vintages: which exist, and which one a training may use."""
