"""The one thing scoring asks of intake: a place in the plan's order where a run stops reading."""

from typing import TYPE_CHECKING, Protocol

from scoring.service.caller import Refused

if TYPE_CHECKING:
    import httpx


class CutoffSource(Protocol):
    """Who marks cut-offs."""

    async def mark(self, plan: str, *, headers: dict[str, str]) -> str:
        """The id of a new mark; its place follows as the event `cutoff.marked`.

        Raises:
            Refused: intake said no, or does not answer.
        """


class IntakeClient:
    """Asks intake over HTTP, with the credentials of whoever drafts."""

    def __init__(self, *, url: str, transport: "httpx.AsyncBaseTransport | None" = None) -> None:
        """`transport` stands in for the network in tests."""
        import httpx  # noqa: PLC0415  # only who asks over HTTP needs it

        self._client = httpx.AsyncClient(
            base_url=url, timeout=10, trust_env=False, transport=transport
        )

    async def mark(self, plan: str, *, headers: dict[str, str]) -> str:
        """See `CutoffSource`."""
        import httpx  # noqa: PLC0415  # as above

        try:
            response = await self._client.post(f"/v1/plans/{plan}/cutoffs", headers=headers)
        except httpx.HTTPError as error:
            raise Refused(
                "intake_unavailable", "intake does not answer; ask for the draft again later"
            ) from error
        if response.status_code != httpx.codes.ACCEPTED:
            detail = response.json().get("detail", "") if response.content else ""
            raise Refused("cutoff_refused", f"intake refuses the cut-off: {detail}")
        return str(response.json()["cutoff"])

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()
