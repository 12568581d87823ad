"""The environment on this machine that the integration tests have."""

from tests.integration.conftest import site

__all__ = ["site"]
