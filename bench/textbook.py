"""What one would write from the tutorials: FastAPI, a SQLModel session per request, two rows.

And the same endpoint without a database, which validates the body and stores nothing.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final
from uuid import uuid4

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, MetaData
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

_POOL: Final = 20
_INSTANT: Final = DateTime(timezone=True)


class Base(SQLModel, registry=registry()):
    """Tables of its own."""

    metadata = MetaData()


class Report(Base, table=True):
    """What was received."""

    __tablename__ = "reports"

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    plan: str = Field(index=True)
    task: str
    unit: str
    period: str
    received_at: datetime = Field(sa_column=Column(_INSTANT, nullable=False))
    holder: str


class Outbox(Base, table=True):
    """What the others are to be told."""

    __tablename__ = "outbox"

    position: int | None = Field(default=None, primary_key=True)
    event_id: str = Field(unique=True)
    type: str
    key: str
    time: datetime = Field(sa_column=Column(_INSTANT, nullable=False))
    data: str
    sent: bool = False


class ReportIn(BaseModel):
    """The body."""

    plan: str
    task: str
    unit: str
    period: str
    values: dict[str, Decimal] = {}
    note: str | None = None


class ReceiptOut(BaseModel):
    """The answer."""

    id: str
    received_at: datetime
    period: str


def storing_app(url: str) -> FastAPI:
    """Each request has its session, by dependency; each commits."""
    engine = create_async_engine(url, pool_size=_POOL, max_overflow=_POOL)
    sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
    app = FastAPI()

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    @app.post("/v1/submissions", status_code=202)
    async def submit(
        body: ReportIn, session: Annotated[AsyncSession, Depends(get_session)]
    ) -> ReceiptOut:
        now = datetime.now(UTC)
        report = Report(
            id=uuid4().hex,
            plan=body.plan,
            task=body.task,
            unit=body.unit,
            period=body.period,
            received_at=now,
            holder="bench",
        )
        told = Outbox(
            event_id=report.id,
            type="report.accepted",
            key=body.plan,
            time=now,
            data=body.model_dump_json(),
        )
        session.add(report)
        session.add(told)
        await session.commit()
        await session.refresh(report)
        return ReceiptOut(id=report.id, received_at=report.received_at, period=report.period)

    return app


def idle_app() -> FastAPI:
    """It validates the same body and stores nothing."""
    app = FastAPI()

    @app.post("/v1/submissions", status_code=202)
    async def submit(body: ReportIn) -> ReceiptOut:
        return ReceiptOut(id=uuid4().hex, received_at=datetime.now(UTC), period=body.period)

    return app


async def make_tables(url: str) -> None:
    """Create the tables of `storing_app`."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
