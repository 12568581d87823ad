"""The lab of the end-to-end tests, for what takes too long there."""

from tests.e2e.conftest import clinic, lab, lifecycle, site

__all__ = ["clinic", "lab", "lifecycle", "site"]
