# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a file has beside content, owner and mode: a replaced file keeps it, a new one gets what the host's policy says.

A swap by rename puts another file under the name. Extended attributes, access list and SELinux context belong to the
file, so they are given to the new one before it takes the name. AppArmor goes by the name, which stays the same.
"""

from __future__ import annotations

import contextlib
import errno
import os

try:
    from ansible.module_utils.compat import selinux
except ImportError:  # a host without libselinux has no SELinux
    selinux = None

ACCESS_LIST = "system.posix_acl_access"
# True of the old content only; the kernel drops the first one of a file that is written to as well.
OF_THE_CONTENT = ("security.capability", "security.evm", "security.ima")
CONTEXT = "security.selinux"  # label() sets it, by SELinux's own functions
NOT_POSSIBLE_HERE = (errno.ENOTSUP, errno.ENODATA, errno.EINVAL)  # as shutil.copystat sees it
FORBIDDEN = (errno.EPERM, errno.EACCES)  # a container may not set what belongs to the kernel


def keep(old: str, staged: str) -> None:
    """Give `staged` the extended attributes and the access list of `old`. Set the mode after it: it is the list's mask.

    Raises OSError when an attribute of users, or the access list, cannot be kept.
    """
    names = [name for name in _names(old) if name not in (*OF_THE_CONTENT, CONTEXT)]
    for name in names:
        try:
            os.setxattr(staged, name, os.getxattr(old, name))
        except OSError as error:
            kernels_own = name.startswith(("security.", "trusted.")) and error.errno in FORBIDDEN
            if not kernels_own and error.errno not in NOT_POSSIBLE_HERE:
                raise
    if ACCESS_LIST not in names:  # what a new file has from its directory's default list is not what `old` had
        with contextlib.suppress(OSError):
            os.removexattr(staged, ACCESS_LIST)


def label(staged: str, path: str, replaces: bool, mode: int) -> None:
    """Give `staged` the SELinux context of the file it `replaces` at `path`, or else the policy's default for `path`.

    `mode` has the kind of file, which policies distinguish. Does nothing where SELinux is not enabled.
    """
    if selinux is None or not selinux.is_selinux_enabled():
        return
    if replaces:
        context = _context(lambda: selinux.lgetfilecon_raw(path), (errno.ENOTSUP,))
    else:
        context = _context(lambda: selinux.matchpathcon(path, mode), (errno.ENOENT,))  # the policy says nothing of it
    if context:
        try:
            selinux.lsetfilecon(staged, context)
        except OSError as error:
            if error.errno != errno.ENOTSUP:  # a file system without contexts, such as NFS
                raise OSError(error.errno, "cannot give it the SELinux context " + context, path) from error


def _context(ask, unknown: tuple) -> str:
    try:
        return ask()[1]
    except OSError as error:
        if error.errno in unknown:
            return ""
        raise


def _names(path: str) -> list:
    try:
        return os.listxattr(path)
    except OSError as error:
        if error.errno in NOT_POSSIBLE_HERE:
            return []
        raise
