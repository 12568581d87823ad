"""The phase catalogue (a table) and the planner (pure)."""

from orchestrator.phases.catalogue import PHASES, Phase
from orchestrator.phases.planner import Plan, plan, refuse_steps_of_others

__all__ = ["PHASES", "Phase", "Plan", "plan", "refuse_steps_of_others"]
