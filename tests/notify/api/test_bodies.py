"""Answers as they are on the wire: programs of others read them, so their bytes stay."""

from described import on_the_wire
from notify_house import B1, PLAN, House, overdue

ALERT = (
    '{"id":"#","plan":"harbour","task":"trees","unit":"parks","action":"A1","kind":"overdue",'
    '"level":null,"episode":"2022-B1","period":"2022-B1","state":"raised","a":null,"e":null,'
    '"r":null,"gap":null,"since":"2022-05-10","next_by":"2022-05-17",'
    '"details":{"about":"reminder","stage":"overdue","working_days":0,"due":"2022-05-10",'
    '"close":"2022-05-17"},"raised_at":"2022-05-11T04:00:00Z","resolved_at":null,'
    '"acknowledged_at":null,"acknowledged_by":null,"acknowledged_until":null,"parent":null,'
    '"reason":"not_reported","correlation":"request-1"'
)
DECISION = (
    '{"number":1,"alert":"#","plan":"harbour","task":"trees","unit":"parks","kind":"overdue",'
    '"effect":"raise","reason":"not_reported","event":"duban.intake-harbour-4",'
    '"addressee":null,"operands":{},"at":"2022-05-11T04:00:00Z"}'
)


async def test_an_alert_with_its_decisions_and_deliveries(house: House) -> None:
    await house.hear(overdue("trees", B1))
    office = await house.visitor("office")
    listed = on_the_wire(await office.get("/v1/alerts"))
    assert listed == f'{{"items":[{ALERT}}}],"cursor":null}}'
    whole = on_the_wire(await office.get(f"/v1/alerts/{(await house.alert()).id}"))
    assert whole.startswith(f'{ALERT},"decisions":[{DECISION},')
    decided = on_the_wire(await office.get("/v1/decisions?limit=1&cursor=2"))
    assert decided == f'{{"items":[{DECISION}],"cursor":1}}'


async def test_a_delivery_is_told_without_its_message(house: House) -> None:
    await house.hear(overdue())
    office = await house.visitor("office")
    sent = on_the_wire(await office.get("/v1/deliveries?recipient=chen@port.example"))
    assert sent.startswith(
        '{"items":[{"id":"msg-#","alert":"#","plan":"harbour","channel":"mail",'
        '"recipient":"chen@port.example","language":"en",'
        '"subject":"[Duban] Report overdue: Build the quay","state":"pending","attempts":0,'
        '"claimed_by":null,"next_attempt_at":"'
    )
    assert sent.endswith('Z","finished_at":null,"correlation":"request-1"}],"cursor":null}')


async def test_whom_messages_go_to(house: House) -> None:
    office = await house.visitor("office")
    person = {"scope": "unit", "subject": "port", "role": "head", "email": "lin@port.example"}
    kept = await office.put(f"/v1/contacts/{PLAN}", json=[person])
    assert on_the_wire(kept) == '{"plan":"harbour","contacts":1}'
    assert on_the_wire(await office.get(f"/v1/contacts?plan={PLAN}")) == (
        '{"items":[{"scope":"unit","subject":"port","role":"head","email":"lin@port.example",'
        '"name":null,"language":"zh-CN","endpoint":null,"hours":null}]}'
    )
    url = "https://93.184.215.14/hook"
    made = await office.post("/v1/endpoints", json={"id": "hook", "url": url})
    assert on_the_wire(made) == f'{{"id":"hook","url":"{url}","secret":"whsec_#"}}'
    assert on_the_wire(await office.get("/v1/endpoints")) == (
        f'{{"items":[{{"id":"hook","url":"{url}","format":"standard","language":"zh-CN",'
        '"secret_env":null,"failing_since":null,"next_at":null,"disabled_at":null,'
        '"disabled_reason":null}]}'
    )
    explains = (
        '{"when":{"kind":["missing","overdue"],"labels":{}},'
        '"silence":{"kind":["early","lag"],"labels":{}},"same":["task","unit"]}'
    )
    route = (
        '"notify":{"endpoints":[],"routes":[],"default":{"to":[{"endpoint":"hook"}]},'
        f'"inhibit":[{explains}],'
        '"hours":{"from":"08:30","to":"17:30","working_days_only":true},"daily_cap":5,'
        '"acknowledge_expires_working_days":3}'
    )
    said = {"notify": {"default": {"to": [{"endpoint": "hook"}]}}}
    put = await office.put("/v1/routes", json=said)
    assert on_the_wire(put) == f'{{"version":2,{route},"secrets":{{}}}}'
    assert on_the_wire(await office.get("/v1/routes")) == f'{{"version":2,{route}}}'
