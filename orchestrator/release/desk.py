"""Everything one environment's releases are worked with, put together once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from orchestrator.delivery import Environment
from orchestrator.records.entities import now
from orchestrator.release.conductor import Conductor
from orchestrator.release.controller import Controller
from orchestrator.release.journal import ReleaseStore
from orchestrator.release.people import EvidenceStore, People
from orchestrator.release.situation import CarryOut


class DeskStore(ReleaseStore, EvidenceStore, Protocol):
    """What the records offer to releases."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Single steps (`controller`), a release followed to its end (`conductor`), and what people say (`people`)."""

    controller: Controller
    conductor: Conductor
    people: People


def open_desk(environment: Environment, store: DeskStore, carry_out: CarryOut, operator: str) -> Desk:
    """The desk of an environment."""
    policy = environment.delivery.release
    controller = Controller(environment, store, carry_out, operator)
    return Desk(
        controller=controller,
        conductor=Conductor(controller, policy, now, time.sleep),
        people=People(controller, store, operator, policy.bad_feedback),
    )
