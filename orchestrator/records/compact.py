"""How a result's values are stored where there is a row for every task on every host: in as few bytes, and exactly.

Written out, ids and times were three quarters of a result; decision 0032.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000

# Before the 16 bytes of an id as Ansible makes it. Any other id is kept as it is, and begins with no such byte.
AS_NUMBER = b"\0"
ID_BYTES = 17
# Where the dashes of an id stand among its hexadecimal digits.
PARTS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


class Instant(sa.types.TypeDecorator[datetime]):
    """A time with its zone, in microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Duration(sa.types.TypeDecorator[float]):
    """Seconds, in whole microseconds: what a clock tells is no finer."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: float | None, _dialect: Dialect) -> int | None:
        return None if value is None else round(value * SECOND)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> float | None:
        return None if value is None else value / SECOND


class Digest(sa.types.TypeDecorator[str]):
    """A sha256: its bytes, of which a program sees the hexadecimal digits."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        return None if value is None else value.hex()


class TaskId(sa.types.TypeDecorator[str]):
    """What Ansible calls a task by."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> bytes | None:
        return None if value is None else packed_id(value)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        return None if value is None else shown_id(value)


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - EPOCH) // MICROSECOND


# All hosts have the same few ids, one after the other.
@lru_cache(maxsize=256)
def packed_id(text: str) -> bytes:
    """A task's id as it is stored."""
    try:
        packed = AS_NUMBER + bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return text.encode()
    # Capitals, or dashes elsewhere: what comes back is to be what was given.
    return packed if len(packed) == ID_BYTES and shown_id(packed) == text else text.encode()


@lru_cache(maxsize=256)
def shown_id(packed: bytes) -> str:
    """A task's id as Ansible wrote it."""
    if len(packed) != ID_BYTES or not packed.startswith(AS_NUMBER):
        return packed.decode()
    digits = packed[1:].hex()
    return "-".join(digits[first:last] for first, last in PARTS)
