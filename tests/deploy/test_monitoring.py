"""The alert rules and dashboards against the figures that running services really export."""

import asyncio
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest
import yaml
from demo_cast import entries, on_stage
from peers import HOST, NotInstalled, free_ports
from peers.prometheus import Prometheus

from duban.house import Ports

ROOT: Final = Path(__file__).parents[2]
RULES: Final = ROOT / "deploy" / "prometheus" / "alerts.yaml"
TESTS: Final = ROOT / "deploy" / "prometheus" / "alerts_test.yaml"
DASHBOARDS: Final = sorted((ROOT / "deploy" / "grafana").glob("duban-*.json"))
RUNBOOK: Final = ROOT / "docs" / "operations.md"
SERVICES: Final = ("intake", "scoring", "notify")
QUIET: Final = {"错误 / Errors"}
"""Panels that show nothing while all is well."""
VARIABLES: Final = {
    "$__rate_interval": "1m",
    "$__range": "1h",
    "$plan": ".*",
    "$job": ".*",
}

Json = dict[str, Any]


def rules() -> list[Json]:
    return [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]


def panels(dashboard: Path) -> Iterator[Json]:
    for panel in json.loads(dashboard.read_text())["panels"]:
        if panel["type"] != "row":
            yield panel


def queries() -> Iterator[tuple[str, str]]:
    """Every panel's title and what it asks, as Grafana fills in its variables."""
    for dashboard in DASHBOARDS:
        for panel in panels(dashboard):
            for target in panel["targets"]:
                asked = target["expr"]
                for variable, value in VARIABLES.items():
                    asked = asked.replace(variable, value)
                yield panel["title"], asked


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:duban|process)_\w+", expression))


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # found on the path


# --- rules


def test_the_alert_rules_and_the_configuration_that_reads_them_are_sound(
    promtool: str, tmp_path: Path
) -> None:
    for part in (RULES, ROOT / "deploy" / "compose" / "prometheus.yml"):
        shutil.copy(part, tmp_path)
    checked = run(promtool, "check", "config", tmp_path / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(rules())} rules found" in checked.stdout


def test_every_alert_fires_where_it_should_and_is_silent_otherwise(promtool: str) -> None:
    tested = run(promtool, "test", "rules", TESTS)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_is_tried_both_ways() -> None:
    tried = [
        (case["alertname"], bool(case.get("exp_alerts")))
        for group in yaml.safe_load(TESTS.read_text())["tests"]
        for case in group["alert_rule_test"]
    ]
    wanted = [(rule["alert"], fires) for rule in rules() for fires in (True, False)]
    assert sorted(tried) == sorted(wanted)


def test_every_alert_leads_to_its_entry_in_the_runbook_and_no_entry_is_left_over() -> None:
    headings = re.findall(r"^### (Duban\w+)$", RUNBOOK.read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}


# --- dashboards


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_can_be_provisioned_anywhere_and_speaks_both_languages(
    dashboard: Path,
) -> None:
    board = json.loads(dashboard.read_text())
    assert board["id"] is None
    assert board["uid"] == dashboard.stem
    assert board["schemaVersion"] >= 39
    assert [one["type"] for one in board["templating"]["list"]] == ["datasource", "query"]
    places = [one["gridPos"] for one in board["panels"]]
    assert len({(place["x"], place["y"]) for place in places}) == len(places)
    for panel in panels(dashboard):
        chinese, _, english = panel["title"].partition(" / ")
        assert re.search(r"[\u4e00-\u9fff]", chinese), panel["title"]
        assert english.isascii(), panel["title"]
        assert english
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"


# --- what they ask for, held against a house in which one period was played


class Evening(NamedTuple):
    """What the services showed in the end, and what Prometheus made of it where it is installed."""

    exported: str
    found: Mapping[str, list[Json]] | None


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    return asyncio.run(play(tmp_path_factory.mktemp("house")))


async def play(folder: Path) -> Evening:
    intake, scoring, notify = free_ports(3)
    ports = Ports(intake=intake, scoring=scoring, notify=notify)
    timeline = entries(through="2021-B2")
    async with on_stage(folder, ports, timeline=timeline) as (stage, house, _):
        prometheus = server(folder, ports)
        try:
            if prometheus is not None:
                await asyncio.to_thread(prometheus.start)
            await stage.play()
            for part in (house.intake, house.scoring, house.notify):
                await part.parts.figures.read()
            async with httpx.AsyncClient() as client:
                answers = [await client.get(f"{ports.url(name)}/metrics") for name in SERVICES]
            exported = "".join(answer.text for answer in answers)
            found = None if prometheus is None else await asyncio.to_thread(ask_all, prometheus)
        finally:
            if prometheus is not None:
                prometheus.kill()
    return Evening(exported, found)


def server(folder: Path, ports: Ports) -> Prometheus | None:
    with suppress(NotInstalled):
        targets = {name: f"{HOST}:{getattr(ports, name)}" for name in SERVICES}
        return Prometheus(folder, targets)
    return None


def ask_all(prometheus: Prometheus) -> Mapping[str, list[Json]]:
    """What each panel and each alert finds, once the last figures have been scraped."""
    until(lambda: len(prometheus.ask("duban_plan_score")) == 1)
    until(lambda: len(prometheus.ask('duban_alerts_open{kind="lag"} > 0')) > 0)
    wanted = [asked for _, asked in queries()] + [rule["expr"] for rule in rules()]
    return {asked: prometheus.ask(asked) for asked in wanted}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "Prometheus never saw it"
        time.sleep(0.2)


@pytest.mark.enable_socket
@pytest.mark.system
def test_every_figure_a_dashboard_or_an_alert_reads_is_exported(evening: Evening) -> None:
    exported = set(re.findall(r"^(\w+)[{ ]", evening.exported, re.MULTILINE))
    asked = {name for _, query in queries() for name in names_in(query)}
    asked |= {name for rule in rules() for name in names_in(rule["expr"])}
    assert asked <= exported, asked - exported


@pytest.mark.enable_socket
@pytest.mark.system
def test_every_panel_shows_something_when_a_period_has_been_played(
    promtool: str, evening: Evening
) -> None:
    del promtool  # Prometheus comes with it: without it, this is skipped aloud
    assert evening.found is not None
    empty = {title for title, asked in queries() if not evening.found[asked]}
    assert empty <= QUIET


@pytest.mark.enable_socket
@pytest.mark.system
def test_no_alert_stands_over_a_house_where_all_went_well(promtool: str, evening: Evening) -> None:
    del promtool  # as above
    assert evening.found is not None
    assert [rule["alert"] for rule in rules() if evening.found[rule["expr"]]] == []
