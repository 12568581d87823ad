# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many users' worth some requests are: ten that come from ten users say more than ten that come from one. Pure."""

from __future__ import annotations

import base64
import zlib
from array import array
from typing import Any, Dict, Mapping

# Beyond that many a crowd is large enough for everything that depends on it.
MOST_USERS = 5_000


class Crowd:
    """Requests by user, of the first `MOST_USERS` users; those of later ones are not counted."""

    def __init__(self) -> None:
        self._requests: Dict[int, int] = {}
        self._total = self._squares = 0

    def add(self, user: int) -> None:
        """One request of `user`, a number below 2**32."""
        known = self._requests.get(user, 0)
        if not known and len(self._requests) >= MOST_USERS:
            return
        self._requests[user] = known + 1
        self._total += 1
        self._squares += 2 * known + 1

    @property
    def size(self) -> float:
        """The effective number of users: (sum n)^2 / sum n^2 (Kish, Survey Sampling, 1965), n requests of each.

        The mean of so many users, all equally busy, would vary as much as the mean over these.
        """
        return self._total**2 / self._squares if self._squares else 0.0

    def as_data(self) -> str:
        packed = array("Q", (user << 32 | count for user, count in sorted(self._requests.items())))
        return base64.b64encode(zlib.compress(packed.tobytes(), 1)).decode()

    @classmethod
    def from_data(cls, data: Any) -> "Crowd":
        """Raises ValueError or TypeError for anything that `as_data` did not give."""
        packed = array("Q")
        try:
            packed.frombytes(zlib.decompress(base64.b64decode(data)))
        except zlib.error as error:
            raise ValueError(f"not a crowd: {error}") from error
        return cls.of({number >> 32: number & 0xFFFFFFFF for number in packed[:MOST_USERS]})

    @classmethod
    def of(cls, requests: Mapping[int, int]) -> "Crowd":
        """A crowd of these users with so many requests each."""
        made = cls()
        made._requests = dict(requests)
        made._total, made._squares = sum(requests.values()), sum(count * count for count in requests.values())
        return made
