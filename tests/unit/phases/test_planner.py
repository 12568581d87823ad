"""The planner: names in, steps out."""

from __future__ import annotations

import pytest

from orchestrator.cli.run import run
from orchestrator.errors import UsageError
from orchestrator.paths import playbook
from orchestrator.phases import PHASES, plan, refuse_steps_of_others


def test_phases_run_in_the_order_they_were_asked_for() -> None:
    found = plan(["preflight", "provision"], passed=())
    assert [phase.name for phase in found.phases] == ["preflight", "provision"]
    assert found.notices == ()


def test_a_need_that_never_passed_is_told_and_not_enforced() -> None:
    found = plan(["provision"], passed=())
    assert [phase.name for phase in found.phases] == ["provision"]
    assert found.notices == ("preflight has never passed here before provision",)


def test_a_need_that_passed_before_is_not_mentioned() -> None:
    assert plan(["provision"], passed={"preflight"}).notices == ()


def test_an_unknown_phase_is_refused_with_the_closest_one() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'provision'\?$"):
        plan(["provison"], passed=())


def test_the_closest_one_of_another_command_is_named_with_the_command() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'rollback'\? use `lifecycle release`$"):
        plan(["rolback"], passed=())


def test_without_anything_close_the_phases_that_run_takes_are_listed_and_no_others() -> None:
    with pytest.raises(UsageError) as refused:
        plan(["xyz"], passed=())
    listed = str(refused.value).partition("phases: ")[2].partition(", or a playbook")[0].split(", ")
    assert listed == [phase.name for phase in PHASES if not phase.through]


def test_a_step_of_another_command_is_refused_with_that_command() -> None:
    found = plan(["preflight", "tune_indexes"], passed=()).phases
    with pytest.raises(UsageError, match=r"^tune_indexes is a step of `lifecycle tune indexes`; use `.*indexes`$"):
        refuse_steps_of_others(found)
    refuse_steps_of_others(found[:1])


def test_the_help_of_run_lists_what_run_takes() -> None:
    text = " ".join((run.help or "").split())
    listed = text.partition("PHASE is ")[2].partition(", or the path")[0].split(", ")
    assert sorted(listed) == sorted(phase.name for phase in PHASES if not phase.through)


def test_a_phase_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="twice"):
        plan(["inspect", "inspect"], passed=())


def test_a_playbook_of_the_clients_own_is_a_phase_named_after_its_file() -> None:
    (phase,) = plan(["site/harden.yml"], passed=()).phases
    assert (phase.name, phase.playbook) == ("harden", "site/harden.yml")


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
def test_every_phase_of_the_catalogue_has_its_playbook(phase) -> None:
    assert playbook(phase.playbook.removeprefix("impl.lifecycle.")).is_file()
