"""The pages of notify: the alert a message links to, and the newest alerts."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from notify.api.door import own_unit, problem_of
from notify.service.caller import Refused
from notify.service.looking import Looking
from notify.service.plans import KnownPlan, Plans
from shared.kit.db import Database
from shared.kit.pages import Language, Pages, language_of

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "alerts": ("预警", "Alerts"),
    "none": ("没有预警。", "No alerts."),
    "kind": ("类别", "Kind"),
    "early": ("进度提醒", "progress reminder"),
    "lag": ("进度滞后预警", "lag alert"),
    "overdue": ("报送逾期提醒", "overdue report"),
    "level": ("级别", "Level"),
    "yellow": ("黄灯", "yellow"),
    "red": ("红灯", "red"),
    "task": ("任务", "Task"),
    "unit": ("责任单位", "Unit"),
    "period": ("考核期", "Period"),
    "state": ("状态", "State"),
    "raised": ("已发出", "raised"),
    "resolved": ("已解除", "resolved"),
    "since": ("起始日期", "Since"),
    "next_by": ("下一步截止", "Next by"),
    "gap": ("落后（百分点）", "Behind (points)"),
    "a": ("完成度", "Actual"),
    "e": ("序时进度", "Expected"),
    "sent": ("发送记录", "What was sent"),
    "channel": ("渠道", "Channel"),
    "recipient": ("接收方", "Recipient"),
    "attempts": ("次数", "Attempts"),
    "decided": ("决定及理由", "Decisions and reasons"),
    "why": ("理由", "Reason"),
    "at": ("时间", "When"),
    "mail": ("邮件", "mail"),
    "webhook": ("Webhook", "webhook"),
    "delivered": ("已送达", "delivered"),
    "pending": ("待发送", "pending"),
    "refused": ("被拒收", "refused"),
    "gone": ("接收端已停用", "endpoint gone"),
    "expired": ("重试期满", "gave up"),
    "entered": ("进入该级别", "the level was entered"),
    "got_worse": ("级别加重", "it got worse"),
    "got_better": ("级别减轻", "it got better"),
    "figures_changed": ("数据更新", "the figures changed"),
    "unchanged": ("没有变化", "nothing changed"),
    "older_period": ("属于较早的考核期", "an older period was published again"),
    "on_schedule": ("已赶上进度", "back on schedule"),
    "done": ("已完成", "done"),
    "not_counted": ("本期不计", "not counted"),
    "not_reported": ("未按期报送", "no report by the due day"),
    "report_arrived": ("报送已收到", "the report arrived"),
    "handed_over": ("任务已移交其他单位牵头", "another unit leads the task now"),
    "no_contact": ("没有联系人", "nobody stands behind the role"),
    "endpoint_disabled": ("接收端已停用", "the endpoint is disabled"),
    "accepted": ("对方已接收", "accepted"),
    "timeout": ("对方未在时限内答复", "no answer in time"),
    "connection_failed": ("无法连接", "no connection"),
    "tls_failed": ("证书或加密有误", "the certificate or encryption failed"),
    "unresolved": ("域名无法解析", "the host name has no address"),
    "status": ("对方答复有误", "the receiver answered with an error"),
    "redirected": ("对方要求转到别处", "the receiver sends callers elsewhere"),
    "not_public": ("地址不在公网", "the address is not a public one"),
    "never_allowed": ("地址不得访问", "the address may never be called"),
    "smtp_refused": ("邮件服务器拒收", "the mail server refused it"),
    "smtp_deferred": ("邮件服务器要求稍后再试", "the mail server asks to try later"),
    "smtp_not_ready": ("邮件服务器未就绪", "the mail server is not ready"),
    "unexpected": ("发送时出错", "something failed on the way"),
}


def pages_router(*, db: Database, pages: Pages, looking: Looking, plans: Plans) -> APIRouter:
    """What an official reads; a reader without a token is asked to sign in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home() -> Response:
        return RedirectResponse("/alerts", 303)

    @router.get("/alerts")
    async def newest(request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        alerts = await looking.alerts(unit=own_unit(reader))
        known = {plan: await _plan(plan) for plan in {alert.plan for alert in alerts}}
        return pages.render(
            request,
            "alerts.html",
            w=_words(language_of(request)),
            alerts=alerts,
            titles={plan: _Titles(one, language_of(request)) for plan, one in known.items()},
        )

    @router.get("/alerts/{alert}")
    async def alert_page(alert: str, request: Request) -> Response:
        reader = await pages.reader(request)
        if reader is None:
            return pages.to_sign_in(request)
        try:
            whole = await looking.alert(alert, unit=own_unit(reader))
        except Refused as refused:
            raise problem_of(refused) from refused
        known = await _plan(whole.alert.plan)
        return pages.render(
            request,
            "alert.html",
            w=_words(language_of(request)),
            alert=whole.alert,
            decisions=whole.decisions,
            deliveries=whole.deliveries,
            titles=_Titles(known, language_of(request)),
            when=_when(known),
        )

    async def _plan(plan: str) -> KnownPlan:
        async with db.read() as session:
            return await plans.known(session, plan)  # every alert's plan is known

    return router


class _Titles:
    """The titles of one plan in one language."""

    def __init__(self, plan: KnownPlan, language: Language) -> None:
        self._plan = plan
        self._language = language

    def task(self, task: str) -> str:
        """The title of a task."""
        return self._plan.task_title(task).in_language(self._language)

    def unit(self, unit: str) -> str:
        """The title of a unit."""
        return self._plan.unit_title(unit).in_language(self._language)


def _when(plan: KnownPlan) -> Callable[[datetime], str]:
    """How an instant reads where the plan is."""
    return lambda at: f"{at.astimezone(plan.calendar.tz):%Y-%m-%d %H:%M}"


def _words(language: Language) -> Callable[[str], str]:
    """Looks a word up; what has none stands for itself."""
    index = 1 if language == "en" else 0
    return lambda name: _WORDS[name][index] if name in _WORDS else name
