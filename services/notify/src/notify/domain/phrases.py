"""The words of messages, in both languages: what is said, what comes next, what things are called.

Every sentence can be formatted with the names that `messages` gives; each names only what it needs.
"""

from collections.abc import Mapping
from typing import Final

from shared.contracts.plan import Language

_ZH: Final[Mapping[str, str]] = {
    # What a kind is called in a subject.
    "kind.due_soon": "报送提醒",
    "kind.overdue": "报送逾期提醒",
    "kind.closing": "报送窗口即将关闭",
    "kind.missing": "缺报通知",
    "kind.early": "进度提醒",
    "kind.lag": "进度滞后预警",
    "kind.escalation": "督办升级",
    "kind.interview": "约谈提请",
    "kind.milestone_overdue": "节点逾期提醒",
    "kind.published": "考核结果公布",
    "kind.corrected": "考核结果更正",
    "kind.ranking": "名次变动",
    "kind.appeal": "申诉办理结果",
    "kind.returned": "报送退回",
    "kind.verified": "报送已核实",
    # The same, counted in the subject of several.
    "many.due_soon": "待报送{n}项",
    "many.overdue": "逾期{n}项",
    "many.closing": "即将关闭{n}项",
    "many.missing": "缺报{n}项",
    "many.early": "进度提醒{n}项",
    "many.lag.red": "红灯{n}项",
    "many.lag.yellow": "黄灯{n}项",
    "many.escalation": "升级{n}项",
    "many.interview": "约谈{n}项",
    "many.milestone_overdue": "节点逾期{n}项",
    "many.published": "结果公布{n}项",
    "many.corrected": "结果更正{n}项",
    "many.ranking": "名次变动{n}项",
    "many.appeal": "申诉结果{n}项",
    "many.returned": "退回{n}项",
    "many.verified": "已核实{n}项",
    "many.withdrawn": "撤回{n}项",
    "many.join": "、",
    # Subjects.
    "subject": "【督办】{kind}：{about}",
    "subject.level": "【督办】{kind}（{level}）：{about}",
    "subject.repeated": "【督办】再次提醒·{kind}：{about}",
    "subject.withdrawn": "【督办】已撤回·{kind}：{about}",
    "subject.many": "【督办】{about}：{counts}",
    "subject.digest": "【督办】今日汇总（{day}）：{counts}",
    # One line each: what, by how much, since when.
    "say.opened": "{unit}：任务“{task}”（{code}）考核期 {period} 的报送已开始，截止日为 {due}。",
    "say.due_soon": (
        "{unit}：任务“{task}”（{code}）考核期 {period} 的报送还有 {n} 个工作日截止（{due}），"
        "尚未收到。"
    ),
    "say.overdue": (
        "{unit}应报送任务“{task}”（{code}）考核期 {period} 的进展，截止日为 {due}，至今未收到。"
    ),
    "say.closing": (
        "{unit}：任务“{task}”（{code}）考核期 {period} 的报送已逾期，窗口还有 {n} 个工作日关闭"
        "（{close}），尚未收到。"
    ),
    "say.missed": (
        "{unit}：任务“{task}”（{code}）考核期 {period} 的报送窗口已于 {close} 关闭，未收到报送。"
    ),
    "say.behind": (
        "{unit}牵头的任务“{task}”（{code}）在考核期 {period} 落后序时进度 {gap} 个百分点："
        "已完成 {a}，应完成 {e}，自 {since} 起亮{level}。"
    ),
    "say.behind_parts": (
        "{unit}牵头的任务“{task}”（{code}）在考核期 {period} 落后序时进度 {gap} 个百分点："
        "已完成 {a}，应完成 {e}，各部分平均只达到序时要求的 {r}，自 {since} 起亮{level}。"
    ),
    "say.otherwise": (
        "{unit}牵头的任务“{task}”（{code}）在考核期 {period} 自 {since} 起亮{level}；"
        "亮灯另有原因（报送缺失、节点逾期或逐级恢复），详见链接。"
    ),
    "say.no_answer": "{behind}预警发出后 {n} 个工作日未见答复，提请{role}督促。",
    "say.yellow_twice": "{behind}已连续两期黄灯，提请{role}督促。",
    "say.red_twice": "{behind}已连续两期红灯，提请约谈。",
    "say.milestone": (
        "{unit}牵头的任务“{task}”（{code}）的节点“{node}”应于 {due} 完成，至今未完成，"
        "已逾期 {days} 天。"
    ),
    "say.milestone_of": (
        "{unit}牵头的任务“{task}”（{code}）中由{other}负责的节点“{node}”应于 {due} 完成，"
        "至今未完成，已逾期 {days} 天。"
    ),
    "say.summons": "{milestone}提请约谈。",
    "say.published": "{unit}考核期 {period} 的结果已公布：{result}。{behind_tasks}",
    "say.corrected": "{unit}考核期 {period} 的结果已更正（第 {version} 版）：{result}。",
    "say.ranking": (
        "因其他单位的结果更正，{unit}考核期 {period} 的名次或等次有变（第 {version} 版）："
        "{result}。"
    ),
    "say.appeal": "{unit}就考核期 {period} 的{item}提出的申诉已办结：{outcome}。理由：{reason}",
    "say.returned": (
        "{unit}报送的任务“{task}”（{code}）考核期 {period} 的进展被退回。意见：{reason}"
    ),
    "say.verified": "{unit}报送的任务“{task}”（{code}）考核期 {period} 的进展已核实。",
    "say.marked": (
        "{unit}报送的任务“{task}”（{code}）考核期 {period} 的进展已核实，扣 {marks} 分。"
        "理由：{reason}"
    ),
    "say.withdrawn": (
        "考核期 {period} 的公布已更正：此前关于{unit}任务“{task}”（{code}）的{kind}不再成立。"
    ),
    # What comes next, and by when.
    "next.due_soon": "请于 {by} 前报送。",
    "next.due_soon.open": "请按期报送。",
    "next.overdue": "请尽快补报；{by} 后本期关闭，未报按缺报计。",
    "next.overdue.open": "请尽快补报；本期关闭后，未报按缺报计。",
    "next.closing.open": "请立即补报；本期关闭后，未报按缺报计。",
    "next.closing": "请立即补报；{by} 后本期关闭，未报按缺报计。",
    "next.missing": "本期按缺报计；如有特殊情况请联系督查办，下一期请按期报送。",
    "next.early": "本期尚未公布，仍可补进：请加快推进，最迟于 {by} 报送本期进展。",
    "next.early.open": "本期尚未公布，仍可补进：请加快推进，并按期报送本期进展。",
    "next.lag": "请采取措施赶上进度，最迟于 {by} 报送下一期进展，下次公布时重新评定。",
    "next.lag.open": "请采取措施赶上进度，下次公布时重新评定。",
    "next.escalation": "请督促{unit}采取措施，并在链接中答复；最迟于 {by} 报送下一期进展。",
    "next.escalation.open": "请督促{unit}采取措施，并在链接中答复。",
    "next.interview": "请安排约谈，并在链接中答复。",
    "next.milestone_overdue": "请尽快完成并报送；确需调整的，请按程序申请。",
    "next.published": "对结果有异议的，可在规定期限内申诉。",
    "next.corrected": "更正的依据见链接；有异议的，可在规定期限内申诉。",
    "next.ranking": "依据见链接；有异议的，可在规定期限内申诉。",
    "next.appeal.upheld": "更正后的结果另行公布。",
    "next.appeal.rejected": "公布的结果不变。",
    "next.returned": "请按意见修改，最迟于 {by} 重新报送；未重新报送的按缺报计。",
    "next.returned.open": "请按意见修改并尽快重新报送；未重新报送的按缺报计。",
    "next.verified": "无需办理。",
    "next.withdrawn": "无需办理，以更正后的公布为准。",
    # Small parts.
    "yellow": "黄灯",
    "red": "红灯",
    "again": "再次提醒：",
    "worse": "由黄灯转为红灯：",
    "result.score": "得分{score}",
    "result.no_score": "本期不计分",
    "result.rank": "组内第{rank}名",
    "result.grade": "等次为{grade}",
    "result.was": "（原为{was}）",
    "result.was_rank": "（原为第{was}名）",
    "result.last": "（上期{was}）",
    "result.last_rank": "（上期第{was}名）",
    "result.join": "，",
    "result.behind": "牵头任务中亮黄灯或红灯的有 {n} 项：{tasks}。",
    "result.task_join": "、",
    "excellent": "优秀",
    "good": "良好",
    "fair": "一般",
    "poor": "较差",
    "item.task": "任务“{task}”（{code}）",
    "item.unit": "单位得分",
    "upheld": "成立",
    "rejected": "不成立",
    "role.reporter": "联络员",
    "role.head": "负责人",
    "role.group": "专项行动联系人",
    "role.office": "督查办",
    "disabled.subject": "【督办】消息接收端“{endpoint}”已停用",
    "disabled.gone": "接收端“{endpoint}”答复 410，不再接收消息，已停用。",
    "disabled.failing": "接收端“{endpoint}”自 {since} 起连续五天无法送达，已停用。",
    "disabled.next": "修复后请重新启用，期间未送达的消息可在发送记录中重发。",
    "more": "另有 {n} 项，见链接。",
    "link": "查看并答复",
    "link.news": "查看详情",
    "colon": "：",
    "footer": "本消息由督办系统自动发出，请勿直接回复。",
}
_EN: Final[Mapping[str, str]] = {
    "kind.due_soon": "Report due",
    "kind.overdue": "Report overdue",
    "kind.closing": "Window closes soon",
    "kind.missing": "Report missing",
    "kind.early": "Progress reminder",
    "kind.lag": "Behind schedule",
    "kind.escalation": "Escalation",
    "kind.interview": "Interview",
    "kind.milestone_overdue": "Milestone overdue",
    "kind.published": "Result published",
    "kind.corrected": "Result corrected",
    "kind.ranking": "Rank changed",
    "kind.appeal": "Appeal decided",
    "kind.returned": "Report returned",
    "kind.verified": "Report verified",
    "many.due_soon": "{n} due",
    "many.overdue": "{n} overdue",
    "many.closing": "{n} closing",
    "many.missing": "{n} missing",
    "many.early": "{n} to speed up",
    "many.lag.red": "{n} red",
    "many.lag.yellow": "{n} yellow",
    "many.escalation": "{n} escalated",
    "many.interview": "{n} for interview",
    "many.milestone_overdue": "{n} milestones overdue",
    "many.published": "{n} published",
    "many.corrected": "{n} corrected",
    "many.ranking": "{n} rank changes",
    "many.appeal": "{n} appeals decided",
    "many.returned": "{n} returned",
    "many.verified": "{n} verified",
    "many.withdrawn": "{n} withdrawn",
    "many.join": ", ",
    "subject": "[Duban] {kind}: {about}",
    "subject.level": "[Duban] {kind} ({level}): {about}",
    "subject.repeated": "[Duban] Reminder · {kind}: {about}",
    "subject.withdrawn": "[Duban] Withdrawn · {kind}: {about}",
    "subject.many": "[Duban] {about}: {counts}",
    "subject.digest": "[Duban] Digest of {day}: {counts}",
    "say.opened": (
        "{unit}: the report on “{task}” ({code}) for period {period} can be sent now; it is due on "
        "{due}."
    ),
    "say.due_soon": (
        "{unit}: the report on “{task}” ({code}) for period {period} is due in {n} working "
        "day(s), on {due}, and has not arrived."
    ),
    "say.overdue": (
        "The report of {unit} on “{task}” ({code}) for period {period} was due on {due} and has "
        "not arrived."
    ),
    "say.closing": (
        "The report of {unit} on “{task}” ({code}) for period {period} is overdue; its window "
        "closes in {n} working day(s), on {close}."
    ),
    "say.missed": (
        "No report of {unit} on “{task}” ({code}) came for period {period}; its window closed on "
        "{close}."
    ),
    "say.behind": (
        "“{task}” ({code}), led by {unit}, is {gap} percentage points behind schedule in "
        "period {period}: {a} done, {e} expected, {level} since {since}."
    ),
    "say.behind_parts": (
        "“{task}” ({code}), led by {unit}, is {gap} percentage points behind schedule in "
        "period {period}: {a} done, {e} expected, on average {r} of what each of its parts should "
        "have reached, {level} since {since}."
    ),
    "say.otherwise": (
        "“{task}” ({code}), led by {unit}, is {level} in period {period} since {since}, for a "
        "reason other than its figures (a missing report, an overdue milestone or a gradual "
        "recovery): see the link."
    ),
    "say.no_answer": (
        "{behind} The alert has stood for {n} working days without an answer; {role} is asked to "
        "step in."
    ),
    "say.yellow_twice": (
        "{behind} It is yellow for the second period running; {role} is asked to step in."
    ),
    "say.red_twice": "{behind} It is red for the second period running: an interview is called.",
    "say.milestone": (
        "Milestone “{node}” of “{task}” ({code}), led by {unit}, was due on {due} and is not "
        "finished, {days} day(s) later."
    ),
    "say.milestone_of": (
        "Milestone “{node}” of “{task}” ({code}), led by {unit}, is {other}'s; it was due on {due} "
        "and is not finished, {days} day(s) later."
    ),
    "say.summons": "{milestone} An interview is called.",
    "say.published": "The result of {unit} for period {period} is out: {result}. {behind_tasks}",
    "say.corrected": (
        "The result of {unit} for period {period} has been corrected (version {version}): {result}."
    ),
    "say.ranking": (
        "A correction elsewhere has moved the rank or grade of {unit} for period {period} "
        "(version {version}): {result}."
    ),
    "say.appeal": (
        "The appeal of {unit} about {item}, period {period}, is decided: {outcome}. Reason: "
        "{reason}"
    ),
    "say.returned": (
        "The report of {unit} on “{task}” ({code}) for period {period} was returned. To be "
        "mended: {reason}"
    ),
    "say.verified": (
        "The report of {unit} on “{task}” ({code}) for period {period} has been verified."
    ),
    "say.marked": (
        "The report of {unit} on “{task}” ({code}) for period {period} has been verified; {marks} "
        "points were taken off. Reason: {reason}"
    ),
    "say.withdrawn": (
        "The publication of period {period} was corrected: “{kind}”, sent about “{task}” ({code}) "
        "of {unit}, does not hold any more."
    ),
    "next.due_soon": "Please report by {by}.",
    "next.due_soon.open": "Please report on time.",
    "next.overdue.open": (
        "Please report now: once the period is closed the report counts as missing."
    ),
    "next.closing.open": (
        "Please report at once: once the period is closed the report counts as missing."
    ),
    "next.overdue": (
        "Please report now: after {by} the period is closed and the report counts as missing."
    ),
    "next.closing": (
        "Please report at once: after {by} the period is closed and the report counts as missing."
    ),
    "next.missing": (
        "It counts as missing. If there is a reason, tell the supervision office; please send the "
        "next report on time."
    ),
    "next.early": (
        "Nothing is published yet and there is time to catch up: report the progress of this "
        "period by {by}."
    ),
    "next.early.open": (
        "Nothing is published yet and there is time to catch up: report the progress of this "
        "period on time."
    ),
    "next.lag": (
        "Please catch up and send the next report by {by}; the next publication judges the "
        "task anew."
    ),
    "next.lag.open": "Please catch up; the next publication judges the task anew.",
    "next.escalation": (
        "Please see that {unit} acts, and answer by the link; the next report is due by {by}."
    ),
    "next.escalation.open": "Please see that {unit} acts, and answer by the link.",
    "next.interview": "Please arrange the interview, and answer by the link.",
    "next.milestone_overdue": (
        "Please finish and report it; if the date cannot be kept, apply for a change."
    ),
    "next.published": "If you disagree, you can appeal in time.",
    "next.corrected": "The grounds are behind the link; if you disagree, you can appeal in time.",
    "next.ranking": "The grounds are behind the link; if you disagree, you can appeal in time.",
    "next.appeal.upheld": "The corrected result is published separately.",
    "next.appeal.rejected": "The published result stands.",
    "next.returned": ("Please mend it and report again by {by}; until then it counts as missing."),
    "next.returned.open": (
        "Please mend it and report again soon; until then it counts as missing."
    ),
    "next.verified": "There is nothing to do.",
    "next.withdrawn": "There is nothing to do: the corrected publication holds.",
    "yellow": "yellow",
    "red": "red",
    "again": "Reminder: ",
    "worse": "Yellow has turned red: ",
    "result.score": "score {score}",
    "result.no_score": "not scored in this period",
    "result.rank": "rank {rank} in its group",
    "result.grade": "grade {grade}",
    "result.was": " (was {was})",
    "result.was_rank": " (was {was})",
    "result.last": " (last period {was})",
    "result.last_rank": " (last period {was})",
    "result.join": ", ",
    "result.behind": "{n} of the tasks it leads are yellow or red: {tasks}.",
    "result.task_join": ", ",
    "excellent": "excellent",
    "good": "good",
    "fair": "fair",
    "poor": "poor",
    "item.task": "“{task}” ({code})",
    "item.unit": "its score",
    "upheld": "upheld",
    "rejected": "not upheld",
    "role.reporter": "the reporter",
    "role.head": "the head of the unit",
    "role.group": "the contact of the action",
    "role.office": "the supervision office",
    "disabled.subject": "[Duban] The receiver “{endpoint}” is switched off",
    "disabled.gone": (
        "The receiver “{endpoint}” answered 410, it wants no more messages: it is switched off."
    ),
    "disabled.failing": (
        "Nothing could be delivered to the receiver “{endpoint}” for five days, since {since}: it "
        "is switched off."
    ),
    "disabled.next": (
        "Enable it again once it is mended; what was not delivered can be sent again from the list "
        "of deliveries."
    ),
    "more": "And {n} more: see the link.",
    "link": "Read and answer",
    "link.news": "Details",
    "colon": ": ",
    "footer": "Duban sent this message automatically; please do not reply.",
}
PHRASES: Final[Mapping[Language, Mapping[str, str]]] = {"zh-CN": _ZH, "en": _EN}
