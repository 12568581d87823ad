"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A property holds or does not; how long a busy machine takes to try it says nothing.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
