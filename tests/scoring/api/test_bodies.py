"""Answers as they are on the wire: programs of others read them, so their bytes stay."""

from hashlib import sha256

from described import on_the_wire
from scoring_cast import a_task
from scoring_house import AFTER_B1, PLAN, Site

B1 = f"/v1/publications/{PLAN}/2022-B1"
HEAD = (
    '{"plan":"town","period":"2022-B1","kind":"period","version":1,"state":"published","digest":"#",'
    '"previous_digest":null,"forced":null,"failure":null,"drafted_by":"Ms Lin",'
    '"approved_by":"Mr Chen","released_by":"Ms Lin","released_at":"2022-03-15T01:00:00+00:00"'
)
ROW = (
    '{"task":"T1","unit":"U1","a":"0.1500","e":"0.1667","r":"0.9000","light":"yellow",'
    '"p":"90.00","t":"100.00","q":"100.00","score":"92.00","left_out":null,"flags":[]'
)


async def test_the_board_a_publication_and_its_explanation(site: Site) -> None:
    await site.house.hear_plan(a_task("T1"))
    site.house.at("2022-03-01T09:00")
    await site.house.hear_report("T1", "2022-B1", values={"T1.I": "15"})
    site.house.at(AFTER_B1)
    await site.publish("2022-B1")
    office = site.visitor(await site.house.token("office"))
    assert on_the_wire(await office.get("/v1/board")) == (
        '{"items":[{"plan":"town","task":"T1","action":"A1","unit":"U1","period":"2022-B2",'
        '"day":"2022-03-01","light":"yellow","reason":"ratio_yellow","a":"0.1500","e":"0.1694",'
        '"r":"0.8857","gap":"1.9355","reported_at":"2022-03-01T01:00:00Z"}]}'
    )
    listed = await office.get("/v1/publications")
    assert on_the_wire(listed) == f'{{"items":[{HEAD}}}]}}'
    whole = on_the_wire(await office.get(B1))
    assert whole.startswith(
        HEAD
        + ',"manifest":{"actions":[{"action":"A1","score":"92.00","weight":"1"}],"corrects":null,'
        '"cutoff":{"at":"'
    )
    assert f'"tasks":[{ROW}}}],"actions":[{{"action":"A1","score":"92.00"}}]' in whole
    assert whole.endswith(
        '"plan_score":"92.00","rates":{"expected":1,"on_time":1,"late":0,"missing":0,'
        '"reporting_rate":"100.00","on_time_rate":"100.00"}}'
    )
    told = on_the_wire(await office.get(f"{B1}/tasks/T1/explanation?lang=en"))
    assert told.startswith(ROW + ',"text":["T1 ')
    assert f'],"line":{ROW},"action":"A1","period":"2022-B1","public":true' in told
    unit = on_the_wire(await office.get(f"{B1}/units/U1/explanation?lang=en"))
    assert unit.startswith('{"unit":"U1","text":["T1 T1: weight 10 × share 1, score 92.00",')
    assert unit.endswith(f'],"items":[{told}]}}')


async def test_a_manifest_and_a_line_have_the_bytes_their_digests_are_of(site: Site) -> None:
    await site.house.hear_plan(a_task("T1"))
    site.house.at(AFTER_B1)
    publication = await site.publish("2022-B1")
    office = site.visitor(await site.house.token("office"))
    whole = (await office.get(B1)).content
    manifest = whole.partition(b'"manifest":')[2].partition(b',"units":[')[0]
    assert sha256(manifest).hexdigest() == publication["digest"]
    leaf = (await office.get(f"{B1}/units/U1")).content
    before, _, rest = leaf.partition(b'"tasks":[')
    line, _, after = rest.partition(b'],"version":')
    hashed = before + b'"tasks":["' + sha256(line).hexdigest().encode() + b'"],"version":' + after
    assert sha256(hashed).hexdigest() == publication["manifest"]["leaves"]["U1"]
