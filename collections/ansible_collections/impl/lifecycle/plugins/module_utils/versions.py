# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of two versions is older. Pure; the edge and the orchestrator decide with the same lines."""

from __future__ import annotations

import re
from typing import List, Tuple

PIECE = re.compile(r"[0-9]+|[A-Za-z]+|[~+]")

Rank = Tuple[int, int, str]
TILDE: Rank = (0, 0, "")
END: Rank = (2, 0, "")
PLUS: Rank = (3, 0, "")


def older(one: str, other: str) -> bool:
    """Whether version `one` comes before `other`.

    They are compared piece by piece. Numbers count as numbers (1.9 is older than 1.10), zeros at the end of numbers say
    nothing (1.2 is 1.2.0), and it makes no difference whether `.`, `-` or `_` stands between two pieces. Letters are
    older than nothing there (1.2.0-rc1 comes before 1.2.0), among themselves in the order of the alphabet, whatever
    their case. As in Debian's versions, `~` is older than everything (1.2.0~1 before 1.2.0-rc1); `+` is newer than
    nothing (1.2.0+5 after 1.2.0).
    """
    return _ranks(one) < _ranks(other)


def _ranks(version: str) -> List[Rank]:
    ranks: List[Rank] = []
    for piece in PIECE.findall(version):
        if piece.isdigit():
            ranks.append((4, int(piece), ""))
            continue
        _drop_zeros(ranks)
        if piece == "~":
            ranks.append(TILDE)
        elif piece == "+":
            ranks.append(PLUS)
        else:
            ranks.append((1, 0, piece.lower()))
    _drop_zeros(ranks)
    return [*ranks, END]


def _drop_zeros(ranks: List[Rank]) -> None:
    while ranks and ranks[-1] == (4, 0, ""):
        ranks.pop()
