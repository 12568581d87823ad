"""What the client asked for: loading `delivery.yml`, release manifests and the environment they stand in."""

from orchestrator.delivery.environment import Environment, artifact_path, load_environment, load_manifest
from orchestrator.delivery.manifest import Manifest, Sessions
from orchestrator.delivery.models import Delivery

__all__ = ["Delivery", "Environment", "Manifest", "Sessions", "artifact_path", "load_environment", "load_manifest"]
