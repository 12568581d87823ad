"""Vault files that the given passwords do not open: what is said of them, and which a run is sure to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from orchestrator.delivery.hostsfile import members
from orchestrator.engine.request import RunRequest
from orchestrator.errors import LifecycleError, UsageError
from orchestrator.languages import Phrase, _
from orchestrator.paths import playbook, shown
from orchestrator.phases import Phase

OURS: Final = "impl.lifecycle."
VARIABLE_SUFFIXES: Final = ("", ".yml", ".yaml", ".json")
# Vault ids that are no file.
PROMPTS: Final = ("prompt", "prompt_ask_vault_pass")
# Ansible's own words when it has no password, and when none of those it has fits.
ANSIBLE_SAYS: Final = ("no vault secrets found", "no vault secrets were found that could decrypt")


@dataclass(frozen=True, slots=True)
class Closed:
    """Wholly encrypted files that stayed closed. `given`: there was a password; `asks`: Ansible would ask for one.

    `problems` says why passwords that were named cannot be had, in Ansible's words.
    """

    files: tuple[Path, ...] = ()
    given: bool = False
    asks: bool = False
    problems: tuple[str, ...] = ()

    def about(self, files: Sequence[Path] = ()) -> UsageError:
        """One line: what, in which files, and what to do. `files` are some of those that stayed closed."""
        what: Phrase = _("no vault password was given that opens it")
        remedy: Phrase = _("give --vault-id FILE, or --ask-vault-pass (-J)")
        if self.given:
            what = _("none of the vault passwords that were given opens it")
            remedy = _("give the one it was encrypted with: --vault-id FILE, or --ask-vault-pass (-J)")
        elif self.problems:
            what = _("the vault password that opens it cannot be had (%(why)s)") % {"why": self.problems[0]}
            remedy = _("check --vault-id, ANSIBLE_VAULT_PASSWORD_FILE and ansible.cfg")
        return UsageError(what, where=", ".join(shown(file) for file in files or self.files), remedy=remedy)


NOTHING_CLOSED: Final = Closed()


def refuse_closed(request: RunRequest, phases: Sequence[Phase], closed: Closed) -> None:
    """Raises UsageError when the run is sure to read a file that no password opens: it would come to nothing.

    A file of hosts that the run may leave alone is no reason: then Ansible, which knows, has the word. Nor does a run
    begin in which Ansible would ask for a password: its terminal is one that nobody sees, and it would wait for ever.
    """
    if closed.asks or any(identity.rpartition("@")[2] in PROMPTS for identity in request.vault_ids):
        raise UsageError(
            _("Ansible would ask for a vault password where nobody can answer"),
            remedy=_("give --ask-vault-pass (-J) in place of a vault id that prompts or ask_vault_pass in ansible.cfg"),
        )
    sure = [file for file in closed.files if _is_read(file, request, phases)]
    if sure:
        raise closed.about(sure)


def why_closed(closed: Closed, spoken: Sequence[str]) -> Phrase | None:
    """Why Ansible ended when it says that a vault stayed closed, in one line; None when it says something else."""
    if not any(sign in line for line in spoken for sign in ANSIBLE_SAYS):
        return None
    if closed.files:
        return closed.about().line()
    words = next(line for line in spoken if any(sign in line for sign in ANSIBLE_SAYS))
    remedy = _("give the vault's password: --vault-id FILE, or --ask-vault-pass (-J)")
    return LifecycleError(words.removeprefix("[ERROR]: ").rstrip("."), remedy=remedy).line()


def _is_read(file: Path, request: RunRequest, phases: Sequence[Phase]) -> bool:
    if file in map(Path, request.extra_files):
        return True
    kind, name = _whose(file, request.environment.path)
    if (kind, name) == ("group_vars", "all"):
        return True
    partly = request.limit or request.limits or request.tags or request.skip_tags
    if not name or partly or not any(_for_all_hosts(phase) for phase in phases):
        return False
    groups, hosts = members(request.environment.hosts_file)
    return name in (groups if kind == "group_vars" else hosts)


def _whose(file: Path, environment: Path) -> tuple[str, str]:
    """`group_vars` or `host_vars`, and the group or host; empty for a file that Ansible passes over."""
    kind, *below = file.relative_to(environment).parts
    aside = any(part.startswith(".") or part.endswith("~") for part in below)
    if not below or aside or any(Path(part).suffix for part in below[1:-1]):
        return kind, ""
    if len(below) > 1:
        return kind, below[0]
    # Of db/, db.yml, db.yaml and db.json Ansible reads the first that is there.
    stem = file.with_suffix("") if file.suffix in VARIABLE_SUFFIXES else file
    first = next((path for ending in VARIABLE_SUFFIXES if (path := Path(f"{stem}{ending}")).exists()), file)
    return kind, stem.name if first == file else ""


def _for_all_hosts(phase: Phase) -> bool:
    """Whether the phase begins with a play for all hosts, for which Ansible reads the variables of each."""
    if not phase.playbook.startswith(OURS):
        return False
    plays: Any = yaml.safe_load(playbook(phase.playbook.removeprefix(OURS)).read_bytes())
    return bool(plays[0].get("hosts") == "all")
