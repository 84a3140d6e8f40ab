"""What scoring counts beside the kit's instruments: where the tasks stand, what was published."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ScoringMetrics:
    """Figures of the assessment. All but the count of releases are read by `service/figures`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.releases = Counter(
            "duban_publications_released", "Publications released", ["plan"], registry=registry
        )
        self.tasks = Gauge(
            "duban_tasks", "Tasks by their live light", ["plan", "light"], registry=registry
        )
        self.publications = Gauge(
            "duban_publications",
            "Versions of publications by their state: a draft waits for its computation (waiting), "
            "for approval (draft), for release (approved); failed, it waits for a mend",
            ["plan", "state"],
            registry=registry,
        )
        self.oldest_draft = Gauge(
            "duban_publications_oldest_draft_seconds",
            "How long the oldest draft has not been released; 0 where there is none",
            ["plan"],
            registry=registry,
        )
        self._of_the_newest(registry)

    def _of_the_newest(self, registry: CollectorRegistry) -> None:
        """Of the newest period that was published, its latest version."""
        self.age = Gauge(
            "duban_publication_age_seconds",
            "Time since the newest period of a plan was published",
            ["plan"],
            registry=registry,
        )
        self.plan_score = Gauge(
            "duban_plan_score", "Published score of the plan, 0 to 100", ["plan"], registry=registry
        )
        self.action_scores = Gauge(
            "duban_action_score",
            "Published score of a special action, 0 to 100",
            ["plan", "action"],
            registry=registry,
        )
        self.unit_scores = Gauge(
            "duban_unit_score",
            "Published score of a unit, 0 to 100",
            ["plan", "group", "unit"],
            registry=registry,
        )
        self.reporting = Gauge(
            "duban_reporting_ratio",
            "Published reporting rate, 0 to 1: the reports that came, late or not, of those owed",
            ["plan"],
            registry=registry,
        )
        self.on_time = Gauge(
            "duban_on_time_ratio",
            "Published on-time rate, 0 to 1: the reports that came on time, of those owed",
            ["plan"],
            registry=registry,
        )
