# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Keep what Jinja made of the expressions of this collection: else every process of Ansible compiles them anew.

Only what was written in a file of this collection is kept. An expression of a site may come from a vault, and what is
compiled holds its words.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from ansible._internal._datatag._tags import Origin
from ansible._internal._templating import _jinja_bits
from ansible.release import __version__ as ansible_version
from jinja2 import __version__ as jinja_version
from jinja2 import nodes
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from jinja2.environment import TemplateExpression

# Not resolved: what Ansible notes of a file is the way it came by.
COLLECTION = f"{Path(__file__).parents[2]}{os.sep}"
# Another of these may make something else of the same words. Python's version is in each file.
VERSIONS = (ansible_version, jinja_version)
# What one release of the collection needs is a quarter of it; releases of before are dropped with the rest.
MOST_FILES = 4000


class Expressions:
    """Compiled expressions in a directory that nobody else may write into."""

    def __init__(self, directory):
        """Raise OSError where `directory` cannot be made, and PermissionError where others may write into it."""
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        found = os.stat(directory)
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(
                f"{directory} has to belong to the user who runs Ansible, and nobody else may write into it"
            )
        self._files = FileSystemBytecodeCache(str(directory), "%s")
        if len(os.listdir(directory)) > MOST_FILES:
            self._files.clear()

    def find(self, environment, kind, source):
        """Return the bucket of `source`; its code is None where it has to be compiled. None: it is not to be kept."""
        origin = Origin.get_tag(source)
        if not origin or not (origin.path or "").startswith(COLLECTION):
            return None
        compiling = _jinja_bits._TemplateCompileContext.current(optional=True)
        settings = [getattr(environment, name) for name in _jinja_bits._TEMPLATE_OVERRIDE_FIELD_NAMES]
        written = repr((*VERSIONS, kind, bool(compiling and compiling.escape_backslashes), settings, str(source)))
        key = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
        bucket = Bucket(environment, key, key)
        # A file that was cut or overwritten is as good as none.
        with contextlib.suppress(Exception):
            self._files.load_bytecode(bucket)
        return bucket

    def keep(self, bucket, code):
        """Keep `code` for the next process, where the disk lets us."""
        bucket.code = code
        with contextlib.suppress(OSError):
            self._files.dump_bytecode(bucket)


def install(directory):
    """Let Ansible's templates look into `directory` before they compile.

    Raises what `Expressions` raises, and AttributeError where this Ansible has no such templates.
    """
    kept = Expressions(directory)
    environment = _jinja_bits.AnsibleEnvironment
    if environment.compile.__module__ == __name__:
        return
    compile_anew, expression_anew = environment.compile, environment.compile_expression
    # The bucket of the expression which is being compiled: Jinja makes a template of it, which has no source any more.
    waiting = []

    def compile_template(self, source, name=None, filename=None, raw=False, defer_init=False):
        if isinstance(source, nodes.Template) and waiting:
            code = compile_anew(self, source, name, filename, raw, defer_init)
            kept.keep(waiting.pop(), code)
            return code
        named = raw or defer_init or name is not None or filename is not None
        bucket = None if named or not isinstance(source, str) else kept.find(self, "template", source)
        if bucket is None:
            return compile_anew(self, source, name, filename, raw, defer_init)
        if bucket.code is None:
            kept.keep(bucket, compile_anew(self, source))
        return bucket.code

    def compile_expression(self, source, undefined_to_none=True):
        bucket = kept.find(self, "expression", source)
        if bucket is None:
            return expression_anew(self, source, undefined_to_none)
        if bucket.code is None:
            waiting.append(bucket)
            try:
                return expression_anew(self, source, undefined_to_none)
            finally:
                waiting.clear()
        template = self.template_class.from_code(self, bucket.code, self.make_globals(None))
        return TemplateExpression(template, undefined_to_none)

    environment.compile, environment.compile_expression = compile_template, compile_expression
