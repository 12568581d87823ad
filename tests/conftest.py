"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# A property holds or does not; how long a busy machine takes to try it says nothing. The same examples in every run:
# a change is judged by what it changed, not by luck. `make search` looks further, with other examples each time.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, derandomize=False, max_examples=3000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))
