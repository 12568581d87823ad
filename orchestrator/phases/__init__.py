"""The phase catalogue (a table) and the planner (pure)."""

from orchestrator.phases.catalogue import PHASES, Phase
from orchestrator.phases.planner import Plan, plan

__all__ = ["PHASES", "Phase", "Plan", "plan"]
