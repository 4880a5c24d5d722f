"""The pages of the training diagnostics, one file a section."""
