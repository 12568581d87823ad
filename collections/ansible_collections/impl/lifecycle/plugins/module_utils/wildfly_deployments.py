# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an instance of WildFly serves, changed by the marker files that its deployment scanner looks for.

The scanner is told by NAME.dodeploy and answers with NAME.deployed, or with NAME.failed that says why. It takes the
content into a store of its own, so a file may be replaced while its application runs. After a success, NAME.deployed
carries the time of the file that was deployed: that tells an old answer from the new one.
"""

from __future__ import annotations

import os
import shutil
import time
from typing import IO, Callable, NamedTuple, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils.application import sha256_of

PAUSE = 0.25
WORDS_LIMIT = 8000
WORDS_SECONDS = 2  # between a .failed file's appearance and its words


def _own_file(path: str) -> IO[bytes]:
    """Open a file of the instance's directory; a link there could lead to what the instance must not read."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


class Outcome(NamedTuple):
    """`state` is deployed, failed, silent (no answer in time), placed (nobody was asked); `words` are WildFly's own."""

    state: str
    words: str = ""


class Deployment:
    """One artifact of one instance."""

    def __init__(self, directory: str, name: str, uid: int = 0, gid: int = 0) -> None:
        self.path = os.path.join(directory, name)
        self.uid, self.gid = uid, gid

    def marker(self, suffix: str) -> str:
        return f"{self.path}.{suffix}"

    def has(self, suffix: str) -> bool:
        return os.path.exists(self.marker(suffix))

    def is_current(self, sha256: str, running: bool) -> bool:
        """Whether this artifact is there, and served, or about to be served by an instance that does not run."""
        if not os.path.isfile(self.path) or sha256_of(self.path) != sha256:
            return False
        return self.has("deployed") if running else self.has("deployed") or self.has("dodeploy")

    def put(self, artifact: str, aside: str) -> None:
        """Put the artifact in place and ask for its deployment.

        The directory belongs to the instance, which may have laid links there: what root writes is made `aside` and
        renamed.
        """
        fresh = os.path.join(aside, "fresh")
        shutil.copyfile(artifact, fresh)
        os.chmod(fresh, 0o640)
        when = self._next_time()
        os.utime(fresh, (when, when))
        os.chown(fresh, self.uid, self.gid)
        os.rename(fresh, self.path)
        self._forget("failed", "undeployed", "skipdeploy")
        with open(fresh, "w", encoding="utf-8") as handle:
            handle.write(os.path.basename(self.path))
        os.chmod(fresh, 0o640)
        os.chown(fresh, self.uid, self.gid)
        os.rename(fresh, self.marker("dodeploy"))

    def _next_time(self) -> int:
        """A time that no earlier answer carries."""
        before = [os.stat(path).st_mtime for path in (self.path, self.marker("deployed")) if os.path.exists(path)]
        return max([int(time.time()), *(int(when) + 1 for when in before)])

    def answer(self) -> Optional[Outcome]:
        """What the scanner says of the file that is there now; None while it says nothing."""
        if self.has("dodeploy") or self.has("isdeploying") or self.has("pending"):
            return None
        if self.has("failed"):
            return Outcome("failed", self._words())
        try:
            wanted, deployed = os.stat(self.path).st_mtime, os.stat(self.marker("deployed")).st_mtime
        except FileNotFoundError:
            return None
        return Outcome("deployed") if abs(wanted - deployed) < 1 else None

    def _words(self) -> str:
        deadline = time.monotonic() + WORDS_SECONDS
        words = ""
        while not words and time.monotonic() < deadline:
            with _own_file(self.marker("failed")) as handle:
                words = handle.read(WORDS_LIMIT).decode("utf-8", "replace").strip()
            if not words:
                time.sleep(PAUSE)
        return words

    def wait(self, seconds: float, alive: Callable[[], bool]) -> Outcome:
        """Wait for the scanner's answer; nobody waits for an instance that has ended."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.answer()
            if answer is not None:
                return answer
            if time.monotonic() > deadline:
                return Outcome("silent", f"no answer of the deployment scanner within {seconds:g} s")
            if not alive():
                return Outcome("silent", "the instance has ended")
            time.sleep(PAUSE)

    def keep(self, aside: str) -> str:
        """Set the artifact that is served aside; its path there, or nothing."""
        if not self.has("deployed"):
            return ""
        kept = os.path.join(aside, "kept")
        try:
            with _own_file(self.path) as source, open(kept, "wb") as target:
                shutil.copyfileobj(source, target)
        except OSError:
            return ""
        return kept

    def withdraw(self, running: bool, seconds: float, alive: Callable[[], bool]) -> Outcome:
        """Take the application away: the scanner undeploys what has lost its .deployed file."""
        deadline = time.monotonic() + seconds
        if running and self.has("deployed"):
            os.unlink(self.marker("deployed"))
            while not self.has("undeployed") and alive():
                if time.monotonic() > deadline:
                    return Outcome("silent", f"it was not undeployed within {seconds:g} s")
                time.sleep(PAUSE)
        self._forget("dodeploy", "deployed", "failed", "undeployed", "skipdeploy")
        if os.path.exists(self.path):
            os.unlink(self.path)
        return Outcome("gone")

    def give_up(self) -> None:
        """Forget an artifact that never was served: nothing of it is tried again at the next start."""
        self._forget("dodeploy", "failed", "deployed")
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _forget(self, *suffixes: str) -> None:
        for suffix in suffixes:
            if self.has(suffix):
                os.unlink(self.marker(suffix))
