# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the slots of the version before are still warm, so that everybody can be sent back to it at once."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Mapping

from ansible_collections.impl.lifecycle.plugins.module_utils.http_probe import ask

# A warm slot answers its health question in milliseconds; users on a bad version wait while one is asked.
ONE_ANSWER = 2


def silent(urls: Mapping[str, str], status: int) -> Dict[str, str]:
    """The hosts whose slot does not answer with `status`, each with what it does instead."""
    if not urls:
        return {}
    with ThreadPoolExecutor(max_workers=len(urls)) as pool:
        answers = list(pool.map(lambda host: (host, ask(urls[host], ONE_ANSWER)), urls))
    return {host: str(answer.status or answer.text) for host, answer in answers if answer.status != status}


def to_start(before: Mapping[str, str], serving: Mapping[str, str], status: int) -> Dict[str, str]:
    """The hosts on which the slot of the version before has to be started before it can serve everybody again.

    `before` and `serving` are the health addresses of the two slots, by host. A host on which neither answers is down:
    users lose nothing there by going back, and a rollback must not wait for it.
    """
    cold = silent(before, status)
    if not cold:
        return {}
    down = silent({host: serving[host] for host in cold if host in serving}, status)
    needed = {host: why for host, why in cold.items() if host not in down}
    return needed if needed or len(cold) < len(before) else cold


def window_end(flipped_at: str, minutes: float) -> datetime.datetime:
    """Until when the version before stays warm, counted from the promotion."""
    return datetime.datetime.fromisoformat(flipped_at) + datetime.timedelta(minutes=minutes)
