"""`duban doctor`: what is wrong with the services, in words, and how to mend it."""

from typing import Any, Final

from duban.cli.door import SERVICES, AsJson, Door, Service, Stop, say, url_of

_MENDS: Final = {
    "database": "see that its server runs and its disk has room; after an upgrade, start the "
    "service anew: it migrates",
    "bus": "see that the brokers run; on one machine, end `duban up` and start it again",
    "workers": "it tries again by itself; the service's log tells more",
    "events": "wait a moment and ask again; if it stays so, see /v1/dead-letters and the log",
}


def doctor(*, as_json: AsJson = False) -> None:
    """Ask each service whether it is ready, and say what is wrong and how to mend it.

    Example: duban doctor
    """
    with Door() as door:
        found = {service: _examine(door, service) for service in SERVICES}
    sick = [service for service, one in found.items() if not one["ready"]]
    lines = []
    for service, one in found.items():
        lines.append(f"{service} at {one['url']}: {'ready' if one['ready'] else 'not ready'}")
        for wrong in one["wrong"]:
            lines += [f"  {wrong['what']}", f"    mend: {wrong['mend']}"]
    say({"ready": not sick, "services": found}, *lines, as_json=as_json)
    if sick:
        raise Stop("not_ready", f"{', '.join(sick)}: not ready")


def _examine(door: Door, service: Service) -> dict[str, Any]:
    """A service's url, whether it is ready, and what is wrong, each with its mend."""
    checks: dict[str, str] = {}
    try:
        response = door.send(service, "GET", "/readyz")
        checks = response.json()["checks"]
        wrong = [
            {"what": f"{name}: {answer}", "mend": _MENDS.get(name, "see the service's log")}
            for name, answer in checks.items()
            if answer != "ok"
        ]
    except Stop as stop:
        start = "start it with `duban up`, or mend its address in the environment"
        wrong = [{"what": stop.detail, "mend": start}]
    except (ValueError, KeyError, TypeError, AttributeError):
        what = f"what answers there is not Duban's {service}"
        mend = "stop it, or mend the address in the environment"
        wrong = [{"what": what, "mend": mend}]
    return {"url": url_of(service), "ready": not wrong, "checks": checks, "wrong": wrong}
