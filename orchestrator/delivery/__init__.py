"""What the client asked for: loading `delivery.yml`, release manifests and the environment they stand in."""

# The models are not among these: building them takes a tenth of a second, which a run need not pay (`passed`).
from orchestrator.delivery.environment import Environment, artifact_path, load_environment, load_manifest

__all__ = ["Environment", "artifact_path", "load_environment", "load_manifest"]
