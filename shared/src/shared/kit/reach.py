"""How a service that runs alone reaches its Kafka and its database, and how long it waits."""

import asyncio
from pathlib import Path
from typing import Final

from shared.kit.bus.base import BusUnavailable
from shared.kit.bus.kafka import KafkaBus, KafkaSecurity
from shared.kit.db import Database
from shared.kit.foundation import TOPICS, ServiceSettings

_PATIENCE_SECONDS: Final = 60
_LOOK_SECONDS: Final = 1.0


def kafka_of(settings: ServiceSettings) -> KafkaBus:
    """The Kafka that the settings name; nothing is connected yet.

    Raises:
        ValueError: they name none, or contradict themselves.
    """
    if settings.kafka is None:
        prefix = settings.model_config["env_prefix"]
        raise ValueError(f"{prefix}KAFKA is not set: name Kafka's addresses, as kafka:9092")
    password = settings.kafka_password
    return KafkaBus(
        servers=settings.kafka,
        topics=TOPICS,
        security=KafkaSecurity(
            protocol=settings.kafka_security,
            mechanism=settings.kafka_mechanism,
            username=settings.kafka_username,
            password=password.get_secret_value() if password else None,
            ca=settings.kafka_ca,
        ),
        replication=settings.kafka_replication,
    )


async def await_answer(settings: ServiceSettings, migrations: Path) -> None:
    """Wait a minute at most for the database; whoever starts it beside us may need that long.

    Raises:
        ValueError: it does not answer.
    """
    db = Database(url=settings.database, migrations=migrations)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await db.answers():  # noqa: ASYNC110  # another process cannot set our event
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        prefix = settings.model_config["env_prefix"]
        raise ValueError(f"the database does not answer: see {prefix}DATABASE") from None
    finally:
        await db.close()


async def await_database(settings: ServiceSettings, migrations: Path) -> None:
    """Wait for the database, and refuse one whose schema is too old.

    Raises:
        ValueError: it does not answer.
        SchemaTooOld: it has to be migrated first.
    """
    await await_answer(settings, migrations)
    db = Database(url=settings.database, migrations=migrations)
    try:
        await db.check_schema()
    finally:
        await db.close()


async def patiently(bus: KafkaBus) -> None:
    """Start the bus, and wait a minute at most for Kafka.

    Raises:
        BusUnavailable: it does not answer.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            return await bus.start()
        except BusUnavailable:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_LOOK_SECONDS)
