"""Answers as they are on the wire: programs of others read them, so their bytes stay."""

from described import on_the_wire
from intake_cast import PLAN, Town, trees

RECEIPT = (
    '{"id":"s-#","received_at":"2022-05-06T10:00:00+08:00","digest":"#","period":"2022-B2",'
    '"due":"2022-05-10","close":"2022-05-17","timeliness":"on_time","late_days":0,'
    '"as_of":"2022-04-30","plan_version":1}'
)
SUMMARY = (
    '{"id":"s-#","plan":"lake-plan","task":"trees","unit":"water","period":"2022-B2",'
    '"state":"submitted","received_at":"2022-05-06T02:00:00+00:00","as_of":"2022-04-30",'
    '"digest":"#","by":"water","verified_at":null,"marks":"0","returned_at":null,'
    '"returned_reason":null,"rubric":null,"corrected":false'
)


async def test_a_receipt_a_batch_and_a_problem(town: Town) -> None:
    assert on_the_wire(await town.submit(trees())) == RECEIPT
    rehearsed = await town.post("/v1/submissions?dry_run=true", trees("41"), by="water")
    assert on_the_wire(rehearsed) == RECEIPT.replace('"s-#"', "null")
    problem = (
        '{"type":"urn:duban:problem:unknown_plan","title":"unknown plan","status":404,'
        '"code":"unknown_plan","detail":"there is no plan sea","errors":[{"path":"plan",'
        '"code":"unknown_plan","message":"there is no plan sea"}]}'
    )
    refused = await town.submit(trees() | {"plan": "sea"})
    assert on_the_wire(refused) == problem
    items = [trees() | {"ref": "行 1"}, trees() | {"plan": "sea"}]
    batch = await town.post("/v1/submissions/batch", items, by="water")
    assert on_the_wire(batch) == (
        f'{{"items":[{{"ref":"行 1","status":202,"receipt":{RECEIPT}}},'
        f'{{"ref":null,"status":404,"problem":{problem}}}]}}'
    )


async def test_a_submission_and_its_review(town: Town) -> None:
    body = trees(note="春季") | {"values": {"planted": "40", "alive": "30.50"}}
    place = f"/v1/submissions/{(await town.accepted(body))['id']}"
    assert on_the_wire(await town.get(place)) == SUMMARY + (
        ',"values":{"planted":"40","alive":"30.5"},"milestones":null,"percent":null,"no_data":[],'
        '"correction":null,"note":"春季","evidence":[],"verified_values":{}}'
    )
    listed = await town.get("/v1/submissions", plan=PLAN)
    assert on_the_wire(listed) == f'{{"items":[{SUMMARY}}}],"cursor":null}}'
    returned = await town.post(f"{place}/return", {"reason": "which lake?"}, by="office")
    assert (
        on_the_wire(returned)
        == SUMMARY.replace("submitted", "returned").replace(
            '"returned_at":null,"returned_reason":null',
            '"returned_at":"2022-05-06T02:00:00+00:00","returned_reason":"which lake?"',
        )
        + "}"
    )


async def test_what_is_owed_holds_a_report_with_only_what_is_asked_for(town: Town) -> None:
    owed = (await town.get("/v1/obligations", plan=PLAN)).text
    assert owed.startswith(
        '{"items":[{"plan":"lake-plan","task":"trees","title":{"zh":"Plant trees",'
        '"en":"Plant trees"},"unit":"water","period":"2022-B2","open":"2022-04-27",'
        '"due":"2022-05-10","close":"2022-05-17","state":"owed","submission":null,"indicators":'
        '{"planted":{"title":{"zh":"Planted","en":"Planted"},"unit":null},'
        '"alive":{"title":{"zh":"Alive","en":"Alive"},"unit":null}},"milestones":{},"template":'
        '{"plan":"lake-plan","task":"trees","unit":"water","period":"2022-B2",'
        '"values":{"planted":"","alive":""}}},'
    )
    assert '"task":"hall","unit":"east","period":"2022-B2","percent":""}' in owed
    assert '"task":"bridge","unit":"east","period":"2022-B2","milestones":{}}' in owed


async def test_a_plan_and_a_mark_in_its_order(town: Town) -> None:
    again = await town.apply()
    assert on_the_wire(again) == (
        '{"plan":"lake-plan","version":1,"dry_run":false,"changes":[],"notices":[],'
        '"contacts_stripped":2,"owed_from":"2022-B2"}'
    )
    plan = (await town.get(f"/v1/plans/{PLAN}")).text
    assert plan.startswith('{"version":1,"activate_from":"2022-B2","document":{"plan":{"source":')
    assert '"weight":"20"' in plan
    assert '"valid":{"from":null,"to":"2022-04-15"}' in plan  # as the file writes it
    assert on_the_wire(await town.get("/v1/plans")) == (
        '{"items":[{"plan":"lake-plan","title":{"zh":"湖镇计划","en":"Lake town plan"},'
        '"version":1,"activate_from":"2022-B2"}]}'
    )
    mark = await town.post(f"/v1/plans/{PLAN}/cutoffs", by="office")
    assert on_the_wire(mark) == '{"cutoff":"c-#"}'


async def test_a_token(town: Town) -> None:
    said = {"holder": "Ms Lin", "roles": ["submit"], "unit": "water"}
    issued = await town.post(
        "/v1/tokens", said | {"expires_at": "2030-01-01T08:00:00.5+08:00"}, by="operator"
    )
    assert on_the_wire(issued) == '{"id":"#","token":"#","holder":"Ms Lin","unit":"water"}'
    (known,) = [
        one
        for one in (await town.get("/v1/tokens")).text.split("},{")
        if '"holder":"Ms Lin"' in one
    ]
    assert '"unit":"water","roles":["submit"],"issued_at":"' in known
    assert '"expires_at":"2030-01-01T00:00:00.500000Z","revoked_at":null' in known
    ended = await town.post(f"/v1/tokens/{issued.json()['id']}/revoke", by="operator")
    assert on_the_wire(ended) == '{"id":"#","state":"revoked"}'


async def test_whoever_opens_intake_in_a_browser_is_led_to_its_documentation(town: Town) -> None:
    landing = await town.web.get("/")
    assert (landing.status_code, landing.headers["location"]) == (303, "/docs")
    assert (await town.web.get("/docs")).status_code == 200
