"""Loaded by ansible, not by lifecycle: prints nothing. Everything worth showing is in the events."""

from __future__ import annotations

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: lifecycle_quiet
type: stdout
short_description: prints nothing
description:
  - Stands below the events that lifecycle records, so that no text is rendered which nobody reads.
extends_documentation_fragment:
  - default_callback
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Every method of the base does nothing."""

    CALLBACK_NAME = "lifecycle_quiet"
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
