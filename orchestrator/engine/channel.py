"""The way on which ansible tells what happens: a named pipe in the run's directory, an event a line as JSON.

ansible-runner has a file for each event and its name between the lines on the terminal. A pipe costs a tenth of that,
and what is in it when ansible is killed is still there to be read.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Names the pipe for the callback.
CHANNEL = "LIFECYCLE_CHANNEL"
# Ends the line that a killed ansible has begun, and then the channel.
END = b"\n\n"
# Bytes in the pipe before ansible has to wait: what every user may have.
ROOM = 1 << 20
# Events are taken a handful at a time: waking up for each costs as much as recording it. In seconds.
HANDFUL = 0.1


@contextmanager
def channel(path: Path, take: Callable[[bytes], None]) -> Iterator[None]:
    """Make the pipe `path`, and hand each line that is written to it to `take`, in a thread of its own.

    At its end everything has been handed over that had been written. `take` must not raise.
    """
    os.mkfifo(path, 0o600)
    # For writing as well: that nobody writes yet is no end, and nobody else says what is the end.
    pipe = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, ROOM)
    over = threading.Event()
    reader = threading.Thread(target=_listen, args=(pipe, take, over), name="channel", daemon=True)
    reader.start()
    try:
        yield
    finally:
        over.set()
        os.write(pipe, END)
        reader.join()
        os.close(pipe)


def _listen(pipe: int, take: Callable[[bytes], None], over: threading.Event) -> None:
    begun: list[bytes] = []
    while True:
        read = os.read(pipe, ROOM)
        whole, newline, rest = read.rpartition(b"\n")
        if newline:
            for line in b"".join((*begun, whole)).split(b"\n"):
                if not line:
                    return
                take(line)
            begun = [rest]
        else:
            begun.append(read)
        if len(read) < ROOM // 2:
            over.wait(HANDFUL)
