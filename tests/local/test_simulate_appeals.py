"""Scenario files of appeals, worked out by hand (assessment 4.13)."""

import json
from pathlib import Path
from typing import Any

import pytest
from local.conftest import Duban
from local.test_simulate_year import (
    Json,
    a_scenario,
    a_task,
    at,
    codes,
    line,
    of,
    played,
    report,
    sent,
)

PUBLISHED = "2022-05-18T09:00:00"  # a Wednesday; five working days after it is the 25th
LAST_DAY = "2022-05-25T23:59:00"
APPEAL = {"period": "2022-B2", "unit": "U1", "item": "T1", "grounds": "the count was not final"}
BETTER = report("T1", "U1", "2022-B2", "30")
WORSE = report("T1", "U1", "2022-B2", "10")


def town(*timeline: Json, until: str = "2022-06-30T12:00:00", **rulebook: Any) -> Json:  # noqa: ANN401
    """Two units. U1 reports 20 of the 33.33 expected: P 60, S = 48 + 20 = 68.00."""
    scenario = a_scenario(
        [a_task("T1", "U1", "10"), a_task("T2", "U2", "10")],
        [
            sent("2022-04-30T10:00:00", "T1", "U1", "2022-B2", "20"),
            sent("2022-04-30T10:00:00", "T2", "U2", "2022-B2", "40"),
            at(PUBLISHED, publish={"period": "2022-B2"}),
            *timeline,
        ],
        first="2022-B2",
        until=until,
    )
    return {**scenario, "rulebook": rulebook}


def appeal(instant: str = LAST_DAY, **other: str) -> Json:
    return at(instant, appeal={**APPEAL, **other})


def decide(instant: str = "2022-06-01T10:00:00", *, upheld: bool = True, **named: Any) -> Json:  # noqa: ANN401
    return at(instant, decide={"appeal": "last", "upheld": upheld, "reason": "heard", **named})


def flags(publication: Json) -> list[str]:
    told: list[str] = line(publication, "T1")["flags"]
    return told


def test_while_it_is_open_the_bulletin_stays_and_says_that_it_is_under_review(
    duban: Duban, tmp_path: Path
) -> None:
    account = played(duban, tmp_path, town(appeal()))
    [publication] = account["publications"]
    assert (flags(publication), line(publication, "T1")["score"]) == (["under_review"], "68.00")
    assert line(publication, "T2")["flags"] == []
    [plain] = played(duban, tmp_path, town())["publications"]
    assert publication["digest"] == plain["digest"]


def test_an_appeal_that_is_upheld_is_followed_by_a_correction(duban: Duban, tmp_path: Path) -> None:
    account = played(duban, tmp_path, town(appeal(), decide(submit=BETTER)))
    first, second = account["publications"]
    # 30 of 33.33: P 90, S = 72 + 20
    assert [line(one, "T1")["score"] for one in (first, second)] == ["68.00", "92.00"]
    assert flags(first) == []
    assert flags(second) == ["corrected"]
    assert account["refused"] == []


def test_an_appeal_that_is_rejected_changes_nothing(duban: Duban, tmp_path: Path) -> None:
    account = played(duban, tmp_path, town(appeal(), decide(upheld=False)))
    [publication] = account["publications"]
    assert (flags(publication), account["refused"]) == ([], [])


def test_who_appeals_does_not_fare_worse_for_it(duban: Duban, tmp_path: Path) -> None:
    account = played(duban, tmp_path, town(appeal(), decide(submit=WORSE)))
    assert codes(account) == ["worse_for_appellant"]
    [publication] = account["publications"]
    # The decision was refused whole: the appeal is still open.
    assert flags(publication) == ["under_review"]


def test_false_data_may_make_it_worse(duban: Duban, tmp_path: Path) -> None:
    account = played(duban, tmp_path, town(appeal(), decide(zero=["T1"])))
    assert account["refused"] == []
    assert line(account["publications"][1], "T1")["score"] == "0.00"


def test_an_appeal_may_end_in_an_exemption(duban: Duban, tmp_path: Path) -> None:
    excused = {"id": "X1", "task": "T1", "unit": "U1", "kind": "E1", "periods": ["2022-B2"]}
    flood = at("2022-05-31T10:00:00", exempt={**excused, "matter": "flood", "reason": "flood"})
    account = played(duban, tmp_path, town(appeal(), flood, decide(exemptions=["X1"])))
    assert account["refused"] == []
    assert line(account["publications"][1], "T1")["left_out"] == "exempt"
    assert of(account["publications"][1], "U1")["score"] is None


def test_a_units_whole_score_may_be_contested_too(duban: Duban, tmp_path: Path) -> None:
    account = played(duban, tmp_path, town(appeal(item="U1"), decide(submit=BETTER)))
    assert account["refused"] == []
    assert of(account["publications"][1], "U1")["score"] == "92.00"


@pytest.mark.parametrize(
    ("timeline", "found"),
    [
        ([appeal("2022-05-26T00:00:00")], ["appeal_late"]),
        ([appeal("2022-05-10T00:00:00")], ["period_unpublished"]),
        ([appeal(), appeal()], ["already_appealed"]),
        ([appeal(), decide(upheld=False), appeal("2022-06-02T10:00:00")], ["appeal_late"]),
        (
            [appeal("2022-05-18T10:00:00"), decide("2022-05-19T10:00:00"), appeal()],
            ["already_appealed"],
        ),
        ([appeal(item="T2")], ["unknown_item"]),
        ([appeal(unit="U9")], ["unknown_unit"]),
        ([decide()], ["unknown_appeal"]),
        ([appeal(), decide(), decide("2022-06-02T10:00:00")], ["already_decided"]),
        ([appeal(period="2022-B9")], ["period_unpublished"]),
    ],
)
def test_an_appeal_out_of_order_is_refused(
    duban: Duban, tmp_path: Path, timeline: list[Json], found: list[str]
) -> None:
    assert codes(played(duban, tmp_path, town(*timeline))) == found


def test_the_rulebook_says_how_long_an_item_may_be_contested(duban: Duban, tmp_path: Path) -> None:
    longer = {"file_working_days": 6, "decide_working_days": 10}
    late = appeal("2022-05-26T10:00:00")
    assert codes(played(duban, tmp_path, town(late, appeal=longer))) == []


def test_what_is_not_upheld_corrects_nothing(duban: Duban, tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(town(appeal(), decide(upheld=False, submit=BETTER))))
    result = duban("simulate", str(file))
    assert result.exit_code == 2  # misuse
    assert "write upheld: true" in result.stderr
