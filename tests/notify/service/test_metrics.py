"""What stands open and what waits to be sent, for whoever watches a dashboard."""

from datetime import timedelta

import pytest
from notify_house import PLAN, House, overdue, report, standing

from notify.store.tables import Endpoint

DAY = 24 * 3600


async def figure(house: House, name: str, **labels: str) -> float | None:
    await house.notify.parts.figures.read()
    return house.figure(name, **labels)


async def test_open_alerts_are_counted_by_kind_and_level_until_they_are_resolved(
    house: House,
) -> None:
    await house.hear(standing("green", "red"), overdue())
    assert await figure(house, "duban_alerts_open", plan=PLAN, kind="early", level="red") == 1
    assert await figure(house, "duban_alerts_open", plan=PLAN, kind="early", level="yellow") == 0
    assert await figure(house, "duban_alerts_open", plan=PLAN, kind="overdue", level="none") == 1
    await house.hear(report())
    assert await figure(house, "duban_alerts_open", plan=PLAN, kind="overdue", level="none") == 0


async def test_the_oldest_open_alert_of_a_kind_has_an_age_in_business_time(house: House) -> None:
    await house.hear(standing("green", "red"))
    house.clock.advance(timedelta(days=3))
    await house.hear(overdue("trees"))
    early = await figure(house, "duban_alerts_oldest_open_seconds", plan=PLAN, kind="early")
    late = await figure(house, "duban_alerts_oldest_open_seconds", plan=PLAN, kind="overdue")
    none = await figure(house, "duban_alerts_oldest_open_seconds", plan=PLAN, kind="lag")
    assert early == pytest.approx(3 * DAY, abs=10)
    assert late == pytest.approx(0, abs=10)
    assert none == 0


async def test_what_waits_to_be_sent_has_an_age_by_the_wall(house: House) -> None:
    assert await figure(house, "duban_deliveries_pending", channel="mail") == 0
    await house.hear(standing("green", "red"))
    waiting = len([one for one in await house.deliveries() if one.channel == "mail"])
    assert waiting
    house.wall_moves(timedelta(minutes=20))
    assert await figure(house, "duban_deliveries_pending", channel="mail") == waiting
    age = await figure(house, "duban_deliveries_oldest_pending_seconds", channel="mail")
    assert age == pytest.approx(1200, abs=10)
    assert await figure(house, "duban_deliveries_oldest_pending_seconds", channel="webhook") == 0


async def test_a_receiver_that_is_gone_is_counted(house: House) -> None:
    assert await figure(house, "duban_endpoints_disabled") == 0
    async with house.db.write() as session:
        now = house.clock.wall_now()
        session.add(
            Endpoint(
                id="gone", url="http://a.test", secret="s", disabled_at=now, disabled_reason="gone"
            )
        )
    assert await figure(house, "duban_endpoints_disabled") == 1
