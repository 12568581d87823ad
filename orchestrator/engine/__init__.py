"""Carries a plan out: lock -> run -> record -> gate. `runner` alone knows ansible-runner."""

from orchestrator.engine.carry import carry_out
from orchestrator.engine.request import Event, HostFailure, Listener, RunOutcome, RunRequest, StepOutcome, Submission

__all__ = ["Event", "HostFailure", "Listener", "RunOutcome", "RunRequest", "StepOutcome", "Submission", "carry_out"]
