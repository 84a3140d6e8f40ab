"""Notify as an app: its routers in the silhouette all three services share."""

from fastapi import FastAPI

from notify.api.linked import linked_router
from notify.api.office_pages import office_router
from notify.api.pages import pages_router
from notify.api.routes import alerts_router, directory_router
from notify.api.rules import rules_router
from notify.api.schemas import ContactList, MuteIn, RouteTest
from notify.domain.routes import EndpointSpec, RoutesDocument
from notify.wiring import Notify
from shared.kit.app import build_app


def create_app(notify: Notify) -> FastAPI:
    """The app of a wired notify."""
    parts = notify.parts
    return build_app(
        name="notify",
        summary="Every message: alerts, their recipients and deliveries.",
        parts=parts,
        routers=[
            alerts_router(
                looking=notify.looking,
                acknowledging=notify.acknowledging,
                dispatcher=notify.dispatcher,
                gate=parts.gate,
            ),
            rules_router(mutes=notify.mutes, rehearsing=notify.rehearsing, gate=parts.gate),
            directory_router(
                directory=notify.directory, endpoints=notify.endpoints, gate=parts.gate
            ),
            pages_router(
                db=parts.db,
                pages=parts.pages,
                looking=notify.looking,
                plans=notify.plans,
                acknowledging=notify.acknowledging,
            ),
            linked_router(
                db=parts.db,
                pages=parts.pages,
                links=notify.links,
                looking=notify.looking,
                plans=notify.plans,
                acknowledging=notify.acknowledging,
                subscriptions=notify.subscriptions,
            ),
            office_router(
                pages=parts.pages,
                looking=notify.looking,
                directory=notify.directory,
                endpoints=notify.endpoints,
                dispatcher=notify.dispatcher,
            ),
        ],
        bodies=[ContactList, EndpointSpec, MuteIn, RoutesDocument, RouteTest],
    )
