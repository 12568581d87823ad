"""What a manifest would do to the version that serves, said before anything happens on a host."""

from __future__ import annotations

from pathlib import Path

from orchestrator.delivery.environment import Environment
from orchestrator.delivery.expand import Finding, Kind, findings
from orchestrator.delivery.manifest import Manifest, Sessions
from orchestrator.delivery.yamlfile import YamlFile, read_yaml
from orchestrator.errors import DeliveryError
from orchestrator.languages import _, joined
from orchestrator.paths import shown


def check_scripts(environment: Environment, manifest: Manifest) -> tuple[str, ...]:
    """What a person should know of the expand scripts and that is no reason to refuse them.

    Raises DeliveryError with every statement that the version before could not live with, and with every one that is
    not understood unless the manifest says who reviewed it.
    """
    if not manifest.database.expand:
        return ()
    file = read_yaml(environment.manifest_path(manifest.version))
    notices, problems = [], []
    for index, script in enumerate(manifest.database.expand):
        path = (environment.releases_dir / script).resolve()
        for finding in findings(_text(path)):
            problem = _problem(finding, path, file, index)
            if _refused(finding, manifest):
                problems.append(problem)
            else:
                notices.append(problem.line())
    if problems:
        raise DeliveryError.of(problems)
    return tuple(notices)


def mixing(environment: Environment, manifest: Manifest) -> tuple[str, ...]:
    """What a person should know when sessions belong to one version and the other one may answer all the same."""
    if manifest.sessions is Sessions.SHARED or not environment.delivery.release.mix_versions:
        return ()
    told = read_yaml(environment.manifest_path(manifest.version)).problem(
        ("sessions",),
        _("sessions are %(sessions)s, and a slot that is down is answered for by the other version")
        % {"sessions": manifest.sessions.value},
        _("release.mix_versions: false in delivery.yml prevents it, at the price of errors while it is down"),
    )
    return (told.line(),)


def _refused(finding: Finding, manifest: Manifest) -> bool:
    if finding.kind is Kind.NOT_UNDERSTOOD:
        return manifest.database.reviewed is None
    return finding.kind is Kind.DESTRUCTIVE


def _problem(finding: Finding, script: Path, file: YamlFile, index: int) -> DeliveryError:
    remedy = finding.remedy
    named = file.where(("database", "expand", index))
    if finding.kind is Kind.NOT_UNDERSTOOD:
        review = file.at("database", "reviewed")
        remedy = (
            _("reviewed by %(by)s (%(where)s): %(reason)s")
            % {"by": review["by"], "where": file.where(("database", "reviewed")), "reason": review["reason"]}
            if review
            else _("write it plainly, or let somebody read it and say so: database.reviewed {by, reason}")
        )
    what = joined("", (f"{finding.statement}: ", finding.what, f" (database.expand, {named})"))
    return DeliveryError(what, where=f"{shown(script)}:{finding.line}", remedy=remedy)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DeliveryError(_("the script is not UTF-8 text"), where=shown(path)) from error
    except OSError as error:
        raise DeliveryError(
            _("the script cannot be read: %(reason)s") % {"reason": error.strerror}, where=shown(path)
        ) from error
