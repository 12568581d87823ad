# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where one user goes and why: the edge's own decision, made again from the state. Pure.

The bucket is nginx's: `split_clients` hashes the identity with MurmurHash2 (Austin Appleby, public domain) and compares
the 32-bit value with cumulated shares (ngx_http_split_clients_module.c).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ansible_collections.impl.lifecycle.plugins.module_utils import routing

_WORD = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
# One percent of the hash's range, as nginx computes it: in ten-thousandths, rounded down.
_ONE_PERCENT = 100 * _WORD // 10000


@dataclass(frozen=True)
class Way:
    """Where a user goes. `by`: protected, pilot, department, bucket, or stable when no release is open."""

    colour: str
    version: str
    by: str
    bucket: str
    why: str


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, seed 0, as nginx has it (ngx_murmur_hash2)."""
    value = len(data)
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little")
        word = word * _MULTIPLIER & _WORD
        word = (word ^ word >> 24) * _MULTIPLIER & _WORD
        value = value * _MULTIPLIER & _WORD ^ word
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _WORD
    value = (value ^ value >> 13) * _MULTIPLIER & _WORD
    return value ^ value >> 15


def bucket_of(identity: str) -> str:
    """The bucket '00'..'99' of an identity as the edge sees it (`gid=...` for the edge's own cookie)."""
    return routing.BUCKETS[min(murmur2(identity.encode()) // _ONE_PERCENT, 99)]


def way_of(state: routing.State, user: str, own_cookie: bool, department: str = "") -> Optional[Way]:
    """Where `user` goes; None when nothing is released.

    `own_cookie`: users are known by the edge's cookie `gid` and not by the application's own mark.
    """
    if state.stable is None:
        return None
    bucket = bucket_of(f"gid={user}" if own_cookie else user)
    stable, candidate, users = state.stable, state.candidate, state.users
    unless = " (a session that began on the other version ends there first)" if state.finish_on_old else ""
    if candidate is None:
        return Way(stable.colour, stable.version, "stable", bucket, f"no release is open{unless}")
    if user in users.protected:
        return Way(stable.colour, stable.version, "protected", bucket, f"{user} is protected until promotion")
    if user in users.pilots:
        return Way(candidate.colour, candidate.version, "pilot", bucket, f"{user} is a pilot")
    if department and department in users.departments:
        why = f"the department {department} is on the candidate{unless}"
        return Way(candidate.colour, candidate.version, "department", bucket, why)
    if bucket in users.buckets:
        why = f"bucket {bucket} is among the {state.weight} % on the candidate{unless}"
        return Way(candidate.colour, candidate.version, "bucket", bucket, why)
    place = routing.order_of_entry(state.seed).index(bucket) + 1
    why = f"bucket {bucket} enters at {place} %, the release is at {state.weight} %{unless}"
    return Way(stable.colour, stable.version, "bucket", bucket, why)
