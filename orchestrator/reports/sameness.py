"""Whether two ways to write a value mean the same: PostgreSQL says 1GB where 1024MB was written. Pure."""

from __future__ import annotations

import re
from typing import Final

SIZES: Final = {"b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3, "tb": 1024**4}
MILLISECONDS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
QUANTITY: Final = re.compile(r"(-?\d+(?:\.\d+)?)\s*([a-zA-Z]*)")


def same(one: str, other: str) -> bool:
    """Whether both mean the same quantity, or are the same words but for case. A bare number counts as milliseconds
    beside a time and as bytes beside a size."""
    if one.lower() == other.lower():
        return True
    first, second = _quantity(one), _quantity(other)
    if first is None or second is None:
        return False
    (kind, amount), (other_kind, other_amount) = first, second
    return (kind == other_kind or "" in (kind, other_kind)) and amount == other_amount


def _quantity(text: str) -> tuple[str, float] | None:
    """(kind, amount): kind is size, time or nothing; None for what is no quantity."""
    read = QUANTITY.fullmatch(text.strip())
    if read is None:
        return None
    amount, unit = float(read[1]), read[2].lower()
    if not unit:
        return "", amount
    if unit in MILLISECONDS:
        return "time", amount * MILLISECONDS[unit]
    return ("size", amount * SIZES[unit]) if unit in SIZES else None
