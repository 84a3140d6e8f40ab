"""A stranger's program, written after docs/events.md alone: a Kafka client and nothing of ours."""

import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer

PATIENCE: Final = 30.0
"""Seconds after which what was sent counts as not having come."""

Event = dict[str, Any]
Numbered = tuple[str, str, str]
"""Topic, source and key: what events are numbered under."""


class Peer:
    """Takes events in by their numbers, closes what comes in parts, follows reports."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Event]] = []
        """Type and data of what was taken in."""
        self.duplicates = 0
        self.plans: dict[str, str] = {}
        """By plan and version: whether its tasks were as many and as digested as it says."""
        self.publications: dict[str, list[str]] = {}
        """By plan and period: its units."""
        self._last: dict[Numbered, int] = defaultdict(int)
        self._kept: dict[Numbered, dict[int, Any]] = defaultdict(dict)
        self._tasks: dict[tuple[str, int], dict[int, bytes]] = defaultdict(dict)
        self._units: dict[tuple[str, str, int], list[str]] = defaultdict(list)

    @property
    def waiting(self) -> set[str]:
        """The keys that miss an event."""
        return {key for (_, _, key), kept in self._kept.items() if kept}

    @property
    def kept(self) -> int:
        """How many events wait for one before them."""
        return sum(len(kept) for kept in self._kept.values())

    async def listen(
        self, *, servers: str, topics: Sequence[str], group: str, until: Callable[["Peer"], bool]
    ) -> None:
        """Read from the earliest record, or on from where the group left off, until that holds."""
        consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=servers,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            async with asyncio.timeout(PATIENCE):
                while not until(self):
                    batches = await consumer.getmany(timeout_ms=100)
                    for records in batches.values():
                        for record in records:
                            self.take(record)
                    if batches:
                        await consumer.commit()
        finally:
            await consumer.stop()

    def take(self, record: Any) -> None:  # noqa: ANN401  # aiokafka has no types
        """Take a record in when its turn has come."""
        headers = {name: value.decode() for name, value in record.headers}
        if headers.get("ce_specversion") != "1.0" or headers["content-type"] != "application/json":
            raise ValueError("not an event of this page")
        key = (record.topic, headers["ce_source"], record.key.decode())
        number = int(headers["ce_sequence"])
        if number <= self._last[key]:
            self.duplicates += 1
            return
        self._kept[key][number] = (headers["ce_type"], record.value)
        while (following := self._last[key] + 1) in self._kept[key]:
            self._hear(*self._kept[key].pop(following))
            self._last[key] = following

    def follow(self, submission: str) -> dict[str, list[str]]:
        """What became of a report, in the words of each service's events."""
        report = next(
            event
            for kind, event in self.heard
            if kind == "duban.intake.submission.accepted.v1" and event["submission"] == submission
        )
        about = {name: report[name] for name in ("plan", "task", "unit", "period")}
        alerts = {
            event["alert"]
            for kind, event in self.heard
            if kind == "duban.notify.alert.raised.v1" and event.items() >= about.items()
        }
        found: dict[str, list[str]] = defaultdict(list)
        for kind, event in self.heard:
            service, _, what = kind.removeprefix("duban.").rpartition(".v")[0].partition(".")
            if event.get("submission") == submission:
                found[service].append(what)
            elif what == "unit.published" and event["unit"] == about["unit"]:
                line = next(one for one in event["lines"] if one["task"] == about["task"])
                found[service].append(f"{what}: {line['score']}, {line['light']}")
            elif event.get("alert") in alerts:
                how = event.get("level") or event.get("outcome") or event["reason"]
                found[service].append(f"{what}: {how}")
        return found

    def _hear(self, kind: str, value: bytes) -> None:
        event = json.loads(value)
        self.heard.append((kind, event))
        if kind == "duban.intake.task.defined.v1":
            self._tasks[event["plan"], event["version"]][event["index"]] = value
        elif kind == "duban.intake.plan.versioned.v1":
            self._close_plan(event)
        elif kind == "duban.scoring.unit.published.v1":
            self._units[event["plan"], event["period"], event["version"]].append(event["unit"])
        elif kind == "duban.scoring.publication.released.v1":
            units = self._units.pop((event["plan"], event["period"], event["version"]), [])
            if len(units) == event["units"]:
                self.publications[f"{event['plan']} {event['period']}"] = units

    def _close_plan(self, event: Event) -> None:
        tasks = self._tasks.pop((event["plan"], event["version"]), {})
        digest = hashlib.sha256()
        for index in sorted(tasks):
            digest.update(tasks[index] + b"\n")
        whole = len(tasks) == event["tasks"] and digest.hexdigest() == event["digest"]
        self.plans[f"{event['plan']} {event['version']}"] = "whole" if whole else "damaged"
