"""What scoring counts beside the kit's instruments: where the tasks stand."""

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from shared.contracts.scoring import Light


class ScoringMetrics:
    """Figures of the assessment."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.tasks = Gauge(
            "duban_tasks", "Tasks by their live light", ["plan", "light"], registry=registry
        )
        self.releases = Counter(
            "duban_publications_released", "Publications released", ["plan"], registry=registry
        )

    def show(self, plan: str, lights: dict[str, int]) -> None:
        """Set the tasks of a plan by light; a light nobody has is 0."""
        for light in get_args(Light):
            self.tasks.labels(plan, light).set(lights.get(light, 0))
