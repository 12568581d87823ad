# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Carry out a set of changes on a host as one: all of them, validated, or none."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess

from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_attributes as attributes
from ansible_collections.impl.lifecycle.plugins.module_utils.transaction_journal import Journal

OUTPUT_LIMIT = 8192  # characters of a validator's last words
SYSTEM_PATHS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # where Debian keeps validators; not in every user's PATH


class ValidationError(Exception):
    """A validator did not accept the configuration."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


class TransactionError(Exception):
    """The transaction failed. `restored` says whether everything is again what it was; `output` is the validator's."""

    def __init__(self, message: str, output: str, restored: bool) -> None:
        super().__init__(message)
        self.output = output
        self.restored = restored


class Interrupted(BaseException):
    """The module was told to end."""


def carry_out(changes: list, validators: list, timeout: float, root: str) -> None:
    """Make `changes` true and have `validators` accept them; else put everything back and raise TransactionError."""
    try:
        journal = Journal.begin(root, changes)
    except OSError as error:
        raise TransactionError("cannot write the journal: {0}".format(error), "", True) from error
    try:
        with _interruptible():
            _make_directories(changes)
            _stage(changes, journal)
            _keep(journal)
            _swap(changes, journal)
            validate(validators, timeout)
            journal.commit()
    except BaseException as error:
        _take_back(journal, error)
    journal.close()


def validate(validators: list, timeout: float) -> None:
    """Run each validator (an argv list); raise ValidationError with its own words when one does not accept."""
    for argv in validators:
        _run_validator(argv, timeout)


def mask(output: str, secrets: list) -> str:
    """Return `output` without what is in the secret contents: a validator likes to quote the line it dislikes."""
    words = set()
    for content in secrets:
        for line in content.decode("utf-8", "replace").splitlines():
            words.add(line.strip())
            # The first word is a setting's name, a path is not secret; what remains may be the secret itself.
            words.update(word for word in re.split(r"[\s=\"'<>;,]+", line.strip())[1:] if not word.startswith("/"))
    for word in sorted((word for word in words if len(word) >= 6), key=len, reverse=True):
        output = output.replace(word, "********")
    return output


def _make_directories(changes: list) -> None:
    for change in changes:
        wanted = change.target.wanted
        if wanted.kind == "directory":
            if change.before.kind == "absent":
                os.mkdir(change.path, 0o700)
                attributes.label(change.path, change.path, False, stat.S_IFDIR | wanted.mode)
            os.chown(change.path, wanted.uid, wanted.gid)
            os.chmod(change.path, wanted.mode)


def _with_entries(changes: list, journal: Journal):
    return zip(changes, journal.entries)  # noqa: B905 - strict= needs Python 3.10 on the host


def _stage(changes: list, journal: Journal) -> None:
    """Write all new contents beside their destinations; a full disk shows here, before anything was changed."""
    for change, entry in _with_entries(changes, journal):
        wanted = change.target.wanted
        if wanted.kind == "link":
            os.symlink(wanted.target, entry["staged"])
            attributes.label(entry["staged"], change.path, change.before.kind == "link", stat.S_IFLNK)
        elif wanted.kind == "file":
            handle = os.open(entry["staged"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                os.fchown(handle, wanted.uid, wanted.gid)
                replaces = change.before.kind == "file"
                if replaces:
                    attributes.keep(change.path, entry["staged"])
                attributes.label(entry["staged"], change.path, replaces, stat.S_IFREG | wanted.mode)
                os.fchmod(handle, wanted.mode)
                stream.write(wanted.content)
                stream.flush()
                os.fsync(handle)


def _keep(journal: Journal) -> None:
    for entry in journal.entries:
        if entry["before"].startswith(("file:", "link:")):
            try:
                os.link(entry["path"], entry["kept"], follow_symlinks=False)
            except OSError:  # a file system without hard links
                shutil.copy2(entry["path"], entry["kept"], follow_symlinks=False)
                uid, gid, mode = entry["owner"]
                os.chown(entry["kept"], uid, gid, follow_symlinks=False)
                if entry["before"].startswith("file:"):
                    os.chmod(entry["kept"], mode)  # a change of owner takes the setuid bit away


def _swap(changes: list, journal: Journal) -> None:
    for change, entry in _with_entries(changes, journal):
        if change.target.wanted.kind in ("file", "link"):
            os.rename(entry["staged"], entry["path"])
        elif change.target.wanted.kind == "absent":
            os.unlink(entry["path"])


def _take_back(journal: Journal, error: BaseException) -> None:
    problems = journal.put_back()[1]
    output = error.output if isinstance(error, ValidationError) else ""
    message = _describe(error)
    if problems:  # the journal stays: the next run tries again
        raise TransactionError(
            "{0}; NOT everything could be put back: {1}".format(message, "; ".join(problems)), output, False
        ) from error
    journal.close()
    raise TransactionError("{0}; everything was put back".format(message), output, True) from error


def _describe(error: BaseException) -> str:
    if isinstance(error, OSError):
        where = error.filename2 or error.filename
        return "{0}{1}".format(error.strerror or error, ": {0}".format(where) if where else "")
    return str(error) or type(error).__name__


def _run_validator(argv: list, timeout: float) -> None:
    name = " ".join(argv)
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    environment["PATH"] = os.pathsep.join([environment.get("PATH", os.defpath), *SYSTEM_PATHS])
    program = shutil.which(argv[0], path=environment["PATH"])
    if program is None:
        raise ValidationError("the validator {0!r} is not on this host".format(argv[0]))
    process = subprocess.Popen(
        [program, *argv[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    try:
        output = process.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        raise ValidationError("'{0}' did not end within {1:g} s".format(name, timeout), _end(process)) from None
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        raise ValidationError("'{0}' ended with {1}".format(name, process.returncode), _words(output))


def _end(process: subprocess.Popen) -> str:
    """End the validator with all its children; return what it had said."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        output = process.communicate(timeout=2)[0]
    except subprocess.TimeoutExpired:  # a grandchild in another session holds the pipe
        return ""
    return _words(output)


def _words(output: bytes) -> str:
    return output.decode("utf-8", "replace").strip()[-OUTPUT_LIMIT:]


@contextlib.contextmanager
def _interruptible():
    """Turn the signals that would end the module into an exception, so that it puts everything back first."""

    def interrupt(number, _frame):
        raise Interrupted("interrupted by {0}".format(signal.Signals(number).name))

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
