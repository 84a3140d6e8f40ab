"""Where the links in messages lead: no sign-in, the link itself says who may read.

A look changes nothing, since chat programs and mail filters follow every link; a form does.
"""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from notify.api.pages import asks
from notify.api.words import words_in
from notify.domain.messages import worst_first
from notify.domain.sentences import coming, kind_name, sentence, title
from notify.service.acknowledging import Acknowledging
from notify.service.caller import Refused
from notify.service.links import Links
from notify.service.looking import Looking
from notify.service.plans import Plans
from notify.service.subscriptions import Subscriptions
from notify.service.writing import facts_of
from shared.kit.app import correlation_of
from shared.kit.db import Database
from shared.kit.pages import Pages, language_of

_MOST: Final = 100
_ONE_CLICK: Final = b"One-Click"


def linked_router(  # what a reader without a token may see, from many rooms
    *,
    db: Database,
    pages: Pages,
    links: Links,
    looking: Looking,
    plans: Plans,
    acknowledging: Acknowledging,
    subscriptions: Subscriptions,
) -> APIRouter:
    """The page of a message, and that of who wants no more of them."""
    router = APIRouter(include_in_schema=False)

    @router.get("/messages/{token}")
    async def message(token: str, request: Request) -> Response:
        delivery_id = links.delivery_of(token)
        if delivery_id is None:
            return _not_whole(request)
        try:
            delivery, told = await looking.told_by(delivery_id)
        except Refused:
            return _not_whole(request)
        async with db.read() as session:
            plan = await plans.known(session, delivery.plan)
        language = language_of(request)
        alerts = {one.alert.id: one.alert for one in told}
        facts = worst_first([facts_of(one, plan) for one in told])
        items = [
            {
                "alert": alerts[one.id],
                "kind": kind_name(one, language),
                "title": title(one, language),
                "line": sentence(one, language),
                "next": coming(one, language),
            }
            for one in facts[:_MOST]
        ]
        return pages.render(
            request,
            "message.html",
            w=words_in(language),
            items=items,
            more=max(len(facts) - _MOST, 0),
            asks=asks(list(alerts.values())),
            thanks="answered" in request.query_params,
            plan=plan.title.in_language(language),
        )

    @router.post("/messages/{token}")
    async def answer(token: str, request: Request) -> Response:
        delivery_id = links.delivery_of(token)
        if delivery_id is None:
            return _not_whole(request)
        try:
            delivery, told = await looking.told_by(delivery_id)
        except Refused:
            return _not_whole(request)
        answered = await acknowledging.acknowledge_all(
            [one.alert.id for one in told],
            plan=delivery.plan,
            by=delivery.recipient,
            correlation=correlation_of(request),
        )
        return RedirectResponse(f"/messages/{token}{'?answered' if answered else ''}", 303)

    @router.get("/unsubscribe/{token}")
    async def subscription(token: str, request: Request) -> Response:
        found = links.subscriber_of(token)
        if found is None:
            return _not_whole(request)
        plan_id, email = found
        async with db.read() as session:
            plan = await plans.find(session, plan_id)
        language = language_of(request)
        return pages.render(
            request,
            "unsubscribe.html",
            w=words_in(language),
            email=email,
            plan=plan.title.in_language(language) if plan else plan_id,
            holds=await subscriptions.holds(plan_id, email),
        )

    @router.post("/unsubscribe/{token}")
    async def unsubscribe(token: str, request: Request) -> Response:
        """A mail program that unsubscribes by one click (RFC 8058) comes here too."""
        found = links.subscriber_of(token)
        if found is None:
            return _not_whole(request)
        if "again" in request.query_params:
            await subscriptions.begin(*found)
        else:
            await subscriptions.end(*found)
        if _ONE_CLICK in await request.body():  # as a form of either kind
            return Response(status_code=200)  # a program follows no redirect (RFC 8058, 3.2)
        return RedirectResponse(f"/unsubscribe/{token}", 303)

    def _not_whole(request: Request) -> Response:
        return pages.render(request, "bad_link.html", status=404, w=words_in(language_of(request)))

    return router
