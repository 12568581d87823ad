"""`lifecycle release`: bring a version to the users step by step, or take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import release_people, release_replay, release_watch
from orchestrator.cli.release_shared import conduct, reason_option, release_options, unsafe_option
from orchestrator.errors import ExitCode, LockedError, StoreError
from orchestrator.languages import _, joined

if TYPE_CHECKING:
    from orchestrator.delivery import Environment


@click.group()
def release() -> None:
    """Bring a version to the users step by step, or take it back.

    A version is started (staged beside the one that serves), widened to more and more users, and promoted. At any
    moment `rollback` sends everybody back. One release at a time; what is done is on record before it is done.
    """


for command in (*release_people.COMMANDS, *release_watch.COMMANDS, release_replay.replay):
    release.add_command(command)


@release.command()
@click.argument("version")
@click.option("--weight", type=click.IntRange(1, 100), help="Percent of the users who get it at once.  [default: none]")
@click.option("--again", is_flag=True, help="Start a version that was rolled back before; needs --reason.")
@unsafe_option
@reason_option
@release_options
def start(
    version: str,
    environment: Environment,
    weight: int | None,
    again: bool,
    reason: str | None,
    accept_unsafe: str | None,
    **options: Any,
) -> ExitCode:
    """Stage VERSION in the idle slot, as releases/VERSION.yml describes it.

    In the mode `auto` of delivery.yml, `lifecycle release resume` then follows it to its end.
    """
    return conduct(
        environment, options, reason,
        lambda desk: desk.controller.start(
            version, weight=weight, again=again, reason=reason, accept_unsafe=accept_unsafe
        ),
    )  # fmt: skip


@release.command()
@click.argument("weight", type=click.IntRange(1, 100), required=False)
@reason_option
@release_options
def widen(weight: int | None, environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Send WEIGHT percent of the users to the candidate; the next step of delivery.yml by default."""
    return conduct(environment, options, reason, lambda desk: desk.controller.widen(weight, reason))


@release.command()
@reason_option
@release_options
def promote(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Make the candidate the stable version, when all users have it. The old slot stays warm."""
    return conduct(environment, options, reason, lambda desk: desk.controller.promote(reason))


@release.command()
@unsafe_option
@reason_option
@release_options
def abort(environment: Environment, reason: str | None, accept_unsafe: str | None, **options: Any) -> ExitCode:
    """Give the release up: users back, candidate stopped. The version may be started again."""
    return conduct(
        environment, options, reason, lambda desk: desk.controller.abort(reason, accept_unsafe=accept_unsafe)
    )


@release.command()
@click.option("--stop-candidate", is_flag=True, help="Stop the slot afterwards instead of keeping it for examination.")
@click.option("--start-slot", is_flag=True, help="Start the slot of the version before where it is stopped: minutes.")
@unsafe_option
@reason_option
@release_options
def rollback(
    environment: Environment,
    stop_candidate: bool,
    start_slot: bool,
    reason: str | None,
    accept_unsafe: str | None,
    **options: Any,
) -> ExitCode:
    """Send every user back to the version before, at once. The version taken back is void.

    After the window of delivery.yml that version's slot may be stopped. Then nothing is done without --start-slot.
    """
    how = {"stop_candidate": stop_candidate, "start_slot": start_slot}
    try:
        return conduct(
            environment, options, reason,
            lambda desk: desk.controller.rollback(reason, accept_unsafe=accept_unsafe, **how),
        )  # fmt: skip
    except (StoreError, LockedError) as error:
        # Users on a bad version must not wait for a database, nor for a run that hangs.
        text = _("without records and lock: ansible-playbook impl.lifecycle.rollback -i %(file)s")
        by_hand = text % {"file": environment.hosts_file}
        remedy = joined("; ", (error.remedy, by_hand)) if error.remedy else by_hand
        raise type(error)(error.what, where=error.where, remedy=remedy) from error


@release.command()
@reason_option
@release_options
def settle(environment: Environment, reason: str | None, **options: Any) -> ExitCode:
    """Bring every host to the stable version, where hosts run one slot at a time and some were left behind."""
    return conduct(environment, options, reason, lambda desk: desk.controller.settle(reason))


@release.command()
@click.option("--now", "at_once", is_flag=True, help="Although the window is not over.")
@click.option(
    "--contract", is_flag=True, help="Then run the manifest's database.contract; there is no way back after it."
)
@reason_option
@release_options
def close(environment: Environment, at_once: bool, contract: bool, reason: str | None, **options: Any) -> ExitCode:
    """Stop the slot of the version before, when the window after the promotion is over. Its files stay."""
    return conduct(
        environment, options, reason, lambda desk: desk.controller.close(reason, at_once=at_once, contract=contract)
    )
