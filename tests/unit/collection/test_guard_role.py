"""The role lays exactly the code that the guard imports, and the guard runs from it alone."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

COLLECTION = Path(__file__).resolve().parents[3] / "collections/ansible_collections/impl/lifecycle"
CODE = COLLECTION / "plugins/module_utils"
PACKAGE = "ansible_collections.impl.lifecycle.plugins.module_utils"


def listed() -> list[str]:
    variables = yaml.safe_load((COLLECTION / "roles/gray_guard/vars/main.yml").read_text())
    return list(variables["__gray_guard_modules"])


def imported(name: str) -> set[str]:
    """The collection's modules that a module imports, itself included."""
    found = {name}
    for node in ast.walk(ast.parse((CODE / f"{name}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            found.add((node.module or "").removeprefix(f"{PACKAGE}."))
    return found


def test_the_role_lays_what_the_guard_imports_and_no_more() -> None:
    needed: set[str] = set()
    waiting = {"guard"}
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= imported(name) - needed
    assert listed() == sorted(needed)


def test_the_guard_needs_nothing_but_python(tmp_path: Path) -> None:
    place = tmp_path.joinpath(*PACKAGE.split("."))
    place.mkdir(parents=True)
    for name in listed():
        shutil.copy(CODE / f"{name}.py", place)
    # -I: neither this environment's packages nor the user's; the path is given in the code, as the unit gives it.
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; from {PACKAGE} import guard; sys.exit(guard.main(['x']))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "x: No such file or directory\n")
