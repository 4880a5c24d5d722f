"""What the tests of all packages share: hypothesis draws the same examples at every run."""

from hypothesis import settings

settings.register_profile("volcast", derandomize=True, deadline=None)
settings.load_profile("volcast")
