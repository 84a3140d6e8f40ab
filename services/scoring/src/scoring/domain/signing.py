"""Detached signatures: who publishes signs the digest, with Ed25519 (RFC 8032).

What is signed is never part of what is hashed: the same documents verify with another key, or none.
"""

import base64
import binascii
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALGORITHM: Final = "Ed25519"
_SEED_BYTES: Final = 32
_NAME_LETTERS: Final = 16


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A key that signs; only its public half is ever shown."""

    seed: bytes

    @classmethod
    def read(cls, text: str) -> "SigningKey":
        """A key as it is kept: the 32 bytes of its seed in base64.

        Raises:
            ValueError: it is no such key.
        """
        try:
            seed = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            seed = b""
        if len(seed) != _SEED_BYTES:
            raise ValueError(
                "a signing key is 32 bytes in base64: make one with `openssl rand -base64 32`"
            )
        return cls(seed=seed)

    @cached_property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def name(self) -> str:
        """What a signature calls its key: the head of the public key's SHA-256."""
        return sha256(self.public).hexdigest()[:_NAME_LETTERS]

    def sign(self, digest: str) -> bytes:
        """The signature of a publication's digest, 64 bytes."""
        return self._private.sign(signed_text(digest))

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def signed_text(digest: str) -> bytes:
    """What is signed of a publication: which kind of document it is, and its digest."""
    return f"duban.publication/2\n{digest}\n".encode()


def written(raw: bytes) -> str:
    """A key or a signature as it is shown."""
    return base64.b64encode(raw).decode()
