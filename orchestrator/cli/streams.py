"""Standard output and error where they are closed, full, or nobody reads them any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EIO, ENOSPC, EPIPE
from io import TextIOWrapper
from typing import Any, Final

from orchestrator.cli.words import note
from orchestrator.languages import _

SPOILT: Final = _("the output cannot be written: %(reason)s")
STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def lead_somewhere() -> None:
    """A stream that the caller closed leads nowhere: else the next file that is opened would be taken for it.

    What a terminal's character set does not have is shown as its number, not refused.
    """
    for number, (name, mode) in enumerate(STREAMS):
        stream: Any = getattr(sys, name)
        if stream is None:
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123 - open as long as we live
            with suppress(OSError):
                if nowhere.fileno() != number:
                    os.dup2(nowhere.fileno(), number)
            setattr(sys, name, nowhere)
        elif mode == "w" and isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def settled() -> OSError | None:
    """Write out what is still to be written. What cannot be is given up, and why is returned."""
    found = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            found = found or error
            _give_up(stream)
    return found


def broken_by(error: OSError) -> OSError | None:
    """`error`, if it is the output's: then what was to be shown is given up."""
    found = settled()
    if found is None and error.filename is None and error.errno in (EIO, ENOSPC, EPIPE):
        # Of a long text the stream keeps nothing that it could fail at once more.
        _give_up(sys.stdout)
        return error
    return found


@contextmanager
def whoever_reads() -> Iterator[None]:
    """What is shown of a run is shown if it can be: a pipe that broke or a full disk changes nothing of the run."""
    try:
        yield
    except OSError as error:
        broken = broken_by(error)
        if broken is None:
            raise
        if not isinstance(broken, BrokenPipeError):
            note(SPOILT % {"reason": broken.strerror})


def _give_up(stream: Any) -> None:
    """From now on the stream leads nowhere, so that nothing fails at the interpreter's end either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    with suppress(OSError):
        stream.flush()
