"""Who and what the story is about; its plan and rulebook are in `plan_of_story`."""

from datetime import UTC, datetime, timedelta, timezone

FUZHOU = timezone(timedelta(hours=8))
CITY, DISTRICT = "fuzhou-3820", "gulou-2021"
LEAD, HOUSING = "development-reform-commission", "housing-office"
OFFICE, REPORTER = "supervision office", "reporting system of the commission"
REPORT, SMALL_REPORT = "s-3f2b7c9d1e", "s-90ab12cd34"
MARK, SMALL_MARK = "c-71d2e3f4a5", "c-0918273645"
TASKS_DIGEST = "14833aeb1240e39c22b06e9be5a1fbd0d2b74c8be2a6049daccf280bc15adbfa"
SMALL_TASKS_DIGEST = "b9a872e64e7a1c45b8142c55820ca817d06db6b981bb558b131ae8c4a21b64f8"
REPORT_DIGEST = "a7" * 32
LEAF_DIGEST, MANIFEST_DIGEST, EARLIER_DIGEST = "1c" * 32, "5e" * 32, "90" * 32


def at(local: str) -> datetime:
    """An instant, told by the clock on a wall in Fuzhou."""
    return datetime.fromisoformat(local).replace(tzinfo=FUZHOU).astimezone(UTC)
