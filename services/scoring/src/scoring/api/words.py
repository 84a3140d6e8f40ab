"""The words of scoring's pages in both languages."""

from typing import Final

from shared.kit.pages import Language

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "board": ("进展看板", "Board"),
    "board_lead": (
        "各任务当前进展；正式结果以通报为准。",
        "Where each task stands now. The bulletin alone is official.",
    ),
    "bulletin": ("考核通报", "Bulletin"),
    "bulletins": ("历次通报", "Bulletins"),
    "none_yet": ("尚无通报。", "No bulletin yet."),
    "draft": ("未公布", "not published"),
    "plan": ("纲要", "Plan"),
    "period": ("考核期", "Period"),
    "from_to": ("{first} 至 {last}", "{first} to {last}"),
    "version": ("版本", "Version"),
    "state": ("状态", "State"),
    "task": ("任务", "Task"),
    "unit": ("责任单位", "Unit"),
    "group": ("考核分组", "Group"),
    "action": ("专项行动", "Action"),
    "rank": ("名次", "Rank"),
    "grade": ("等次", "Grade"),
    "score": ("得分", "Score"),
    "light": ("亮灯", "Light"),
    "actual": ("完成度", "Actual"),
    "expected": ("序时进度", "Expected"),
    "index": ("进度指数", "Index"),
    "gap": ("落后（百分点）", "Behind (points)"),
    "progress": ("进度", "Progress"),
    "timeliness": ("时效", "Timeliness"),
    "quality": ("质量", "Quality"),
    "reported": ("最近报送", "Last report"),
    "plan_score": ("纲要总分", "Plan score"),
    "reporting_rate": ("报送率", "Reporting rate"),
    "on_time_rate": ("按时率", "On-time rate"),
    "ranking": ("单位排名", "Ranking"),
    "actions": ("专项行动得分", "Actions"),
    "behind": ("滞后任务", "Tasks behind"),
    "nobody_behind": ("没有滞后任务。", "No task is behind."),
    "missing": ("未报送", "Not reported"),
    "left_out": ("不参评任务及原因", "Left out, and why"),
    "why": ("计算过程", "How it was computed"),
    "reason": ("原因", "Reason"),
    "counted_weight": ("计分权重", "Counted weight"),
    "left_out_weight": ("不计分权重", "Left-out weight"),
    "lines_of": ("任务明细", "Tasks of the unit"),
    "made_of": ("得分构成", "What the score is made of"),
    "weight_times_share": ("权重 × 份额", "Weight × share"),
    "weighed": ("加权得分", "Weighed score"),
    "unit_sum": (
        "单位得分 = 加权得分合计 ÷ 计分权重合计 = {total} ÷ {weight} = {score}",
        "Score of the unit = weighed scores ÷ counted weight = {total} ÷ {weight} = {score}",
    ),
    "hidden_count": (
        "另有 {n} 项不公开任务计入本单位得分。",
        "{n} more task(s) that are not for publication count in this score.",
    ),
    "rank_of": ("共 {n} 个单位参加排名", "of {n} ranked"),
    "released_at": ("公布日期", "Released"),
    "verify": (
        "本通报可核验：摘要（SHA-256）",
        "This bulletin can be verified. Digest (SHA-256)",
    ),
    "separation_off": (
        "本单位仅一人经办，起草、审核与公布未分离。",
        "One holder drafts, approves and releases here: duties are not separated.",
    ),
    "forced": ("提前公布，理由：", "Drafted before the window closed, because: "),
    "all": ("全部", "All"),
    "filter": ("筛选", "Filter"),
    "drafted_by": ("起草", "Drafted by"),
    "approved_by": ("审核", "Approved by"),
    "released_by": ("公布", "Released by"),
    "green": ("绿灯", "green"),
    "yellow": ("黄灯", "yellow"),
    "red": ("红灯", "red"),
    "blue": ("蓝灯·完成", "blue, done"),
    "grey": ("不计", "grey, not counted"),
    "excellent": ("优秀", "excellent"),
    "good": ("良好", "good"),
    "fair": ("一般", "fair"),
    "poor": ("较差", "poor"),
    "no_report": ("尚未报送", "nothing reported yet"),
    "not_started": ("未开始", "not started"),
    "closed": ("已截止", "closed"),
    "unconfirmed": ("待确认", "not confirmed yet"),
    "done": ("已完成", "done"),
    "year_only": ("仅年终计分", "counted at the year end only"),
    "no_expectation": ("尚无序时要求", "nothing is expected yet"),
    "no_data": ("数据待发布", "source not out yet"),
    "no_counted_task": ("无计分任务", "no counted task"),
    "insufficient_basis": ("计分依据不足", "insufficient basis"),
    "no_seat": ("达到优秀线，优秀名额不足", "over the line of excellent, but not enough seats"),
    "waiting": ("计算中", "being computed"),
    "failed": ("计算失败", "failed"),
    "approved": ("已审核", "approved"),
    "published": ("已公布", "published"),
}


class Words:
    """Looks a word up; what has none stands for itself."""

    def __init__(self, index: int) -> None:
        self._index = index

    def __call__(self, name: str) -> str:
        """The word in the reader's language."""
        return _WORDS[name][self._index] if name in _WORDS else name


def words(language: Language) -> Words:
    """The words of one language."""
    return Words(1 if language == "en" else 0)
