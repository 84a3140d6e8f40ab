"""Links that say who may follow them: signed, so that nobody can make one up."""

from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

_MESSAGE: Final = "message"
_UNSUBSCRIBE: Final = "unsubscribe"


class Links:
    """Makes the links of messages, and reads them."""

    def __init__(self, *, public_url: str, secret: str) -> None:
        """`secret` signs them; a link holds as long as the secret is the same."""
        self._base = public_url.rstrip("/")
        self._secret = secret

    def message(self, delivery: str) -> str:
        """Where a message's alerts are read and acknowledged."""
        return f"{self._base}/messages/{self._sign(_MESSAGE, delivery)}"

    def unsubscribe(self, plan: str, email: str) -> str:
        """Where somebody says that they want no more news of a plan."""
        return f"{self._base}/unsubscribe/{self._sign(_UNSUBSCRIBE, [plan, email])}"

    def delivery_of(self, token: str) -> str | None:
        """The message a link leads to; None where it was not made here."""
        found = self._read(_MESSAGE, token)
        return found if isinstance(found, str) else None

    def subscriber_of(self, token: str) -> tuple[str, str] | None:
        """The plan and the address; None where it was not made here."""
        found = self._read(_UNSUBSCRIBE, token)
        if not isinstance(found, list) or [type(one) for one in found] != [str, str]:
            return None
        plan, email = found
        return plan, email

    def _sign(self, purpose: str, content: object) -> str:
        signed = URLSafeSerializer(self._secret, salt=f"duban.notify.{purpose}").dumps(content)
        return str(signed)

    def _read(self, purpose: str, token: str) -> object:
        try:
            content: object = URLSafeSerializer(self._secret, salt=f"duban.notify.{purpose}").loads(
                token
            )
        except BadSignature:
            return None
        return content
