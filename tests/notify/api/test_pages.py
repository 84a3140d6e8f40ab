"""The pages a message links to, in both languages, for those who signed in."""

import html
import re
from typing import Final

from kit_cast import browser
from notify_house import B1, House, Json, overdue, report, standing

EXPLAINED: Final[Json] = {
    "when": {"kind": ["overdue"]},
    "silence": {"kind": ["early"]},
    "same": ["task", "unit"],
}


async def test_a_reader_without_a_token_is_sent_to_sign_in_and_back(house: House) -> None:
    await house.hear(overdue())
    path = f"/alerts/{(await house.alert()).id}"
    for page in ("/alerts", path):
        answer = await browser(house.app).get(page)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/signin?next=")


async def test_an_alert_reads_in_both_languages_with_its_decisions_and_deliveries(
    house: House,
) -> None:
    await house.hear(standing("green", "red"))
    reader = await house.visitor("observer")
    path = f"/alerts/{(await house.alert()).id}"
    chinese = (await reader.get(path)).text
    for said in ("建码头", "港口局", "进度提醒", "红灯", "12.34", "进入该级别", "待发送"):
        assert said in chinese
    english = (await reader.get(path, params={"lang": "en"})).text
    for said in ("Build the quay", "Port office", "lin@port.example", "the level was entered"):
        assert said in english
    assert "2022-05-11 12:00" in english  # noon where the plan is


async def test_who_was_not_told_stands_on_the_page_with_the_reason(house: House) -> None:
    await house.hear(overdue("trees"))
    reader = await house.visitor("office")
    page = (await reader.get(f"/alerts/{(await house.alert()).id}", params={"lang": "en"})).text
    assert "reporter@parks" in page
    assert "nobody stands behind the role" in page


async def test_the_first_page_is_the_list_of_alerts(house: House) -> None:
    reader = await house.visitor("office")
    answer = await reader.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    assert '<a href="/alerts">' in (await reader.get("/alerts")).text


async def test_the_list_holds_the_alerts_a_reader_may_see(house: House) -> None:
    await house.hear(overdue("quay"), overdue("trees", B1))
    everybody = (await (await house.visitor("office")).get("/alerts")).text
    parks = (await (await house.visitor("submit", unit="parks")).get("/alerts")).text
    assert ("建码头" in everybody, "Trees" in everybody) == (True, True)
    assert ("建码头" in parks, "Trees" in parks) == (False, True)
    assert f"/alerts/{(await house.alerts())[0].id}" in everybody


async def test_the_alert_of_another_unit_is_not_shown(house: House) -> None:
    await house.hear(overdue())
    parks = await house.visitor("submit", unit="parks")
    assert (await parks.get(f"/alerts/{(await house.alert()).id}")).status_code == 404


async def test_a_quiet_house_says_so(house: House) -> None:
    reader = await house.visitor("office")
    assert "No alerts." in (await reader.get("/alerts", params={"lang": "en"})).text


async def test_the_list_shows_what_is_open_and_all_of_it_where_asked(house: House) -> None:
    await house.hear(overdue("quay"), overdue("trees", B1), report())
    office = await house.visitor("office")
    shown = (await office.get("/alerts")).text
    assert ("建码头" in shown, "Trees" in shown) == (False, True)
    everything = (await office.get("/alerts", params={"show": "all"})).text
    assert ("建码头" in everything, "Trees" in everything) == (True, True)
    missing = {"show": "all", "kind": "missing"}
    assert "Trees" not in (await office.get("/alerts", params=missing)).text


async def test_a_long_list_goes_on_with_older_ones(house: House) -> None:
    await house.hear(*(overdue(period=f"p{number}") for number in range(101)))
    office = await house.visitor("office")
    first = (await office.get("/alerts")).text
    (link,) = re.findall(r'href="(/alerts[?][^"]*after=[^"]*)">更早的', first)
    second = (await office.get(html.unescape(link))).text
    periods = [set(re.findall(r"<td>(p[0-9]+)</td>", page)) for page in (first, second)]
    assert [len(one) for one in periods] == [100, 1]
    assert not periods[0] & periods[1]
    assert "更早的" not in second
    assert (await office.get("/alerts", params={"after": "nobody"})).status_code == 422


async def test_an_alert_says_in_words_which_other_explains_it(house: House) -> None:
    await house.set_routes({"inhibit": [EXPLAINED]})
    await house.hear(overdue(), standing("green", "yellow"))
    overdue_one, early = sorted(await house.alerts(), key=lambda one: one.kind, reverse=True)
    office = await house.visitor("office")
    page = (await office.get(f"/alerts/{early.id}", params={"lang": "en"})).text
    assert f'<a href="/alerts/{overdue_one.id}">that alert</a>' in page
    assert "{&#34;" not in page
