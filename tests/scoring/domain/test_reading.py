"""Which reports a run sees."""

from datetime import date
from decimal import Decimal

from scoring_cast import SHANGHAI, a_report, instant, the_period, the_window

from scoring.domain.facts import Report
from scoring.domain.reading import Reading, read
from shared.calendar.periods import PeriodScheme

RETURNED = instant("2022-05-12T10:00:00")


def seen(*reports: Report, period: str = "2022-B2") -> Reading:
    return read(
        reports,
        unit="U1",
        period=the_period(period),
        scheme=PeriodScheme(cadence="bimonthly"),
        close_end=the_window(period).close_end(SHANGHAI),
    )


def value(reading: Reading, name: str = "I1") -> Decimal | None:
    found = reading.value(name)
    return found[0] if found else None


def test_a_newer_report_of_a_period_replaces_the_older_whole() -> None:
    first = a_report(values={"I1": "1", "I2": "2"}, received="2022-05-05T09:00:00")
    second = a_report(values={"I1": "3"}, received="2022-05-06T09:00:00")
    reading = seen(second, first)
    assert (value(reading), value(reading, "I2")) == (Decimal(3), None)
    assert reading.own == second


def test_a_field_left_out_keeps_the_value_of_an_earlier_period() -> None:
    earlier = a_report(period="2022-B1", values={"I1": "1"}, milestones={"M1": "2022-01-05"})
    reading = seen(earlier, a_report(values={"I2": "2"}))
    assert value(reading) == 1
    assert reading.milestone("M1") is not None


def test_what_was_taken_back_is_not_done() -> None:
    earlier = a_report(period="2022-B1", milestones={"M1": "2022-01-05"})
    taken_back = a_report(milestones={"M1": None}, correction=True)
    said = seen(earlier, taken_back).milestone("M1")
    assert said is not None
    assert said[0].completed_on is None


def test_a_returned_report_leaves_nothing_of_those_it_replaced() -> None:
    first = a_report(values={"I1": "1"}, received="2022-05-05T09:00:00")
    second = a_report(values={"I1": "3"}, received="2022-05-06T09:00:00", returned_at=RETURNED)
    reading = seen(first, second)
    assert (reading.own, value(reading)) == (None, None)


def test_a_repair_after_close_counts_where_it_keeps_its_instant() -> None:
    first = a_report(values={"I1": "1"}, received="2022-05-10T09:00:00", returned_at=RETURNED)
    kept = a_report(values={"I1": "2"}, received="2022-05-18T09:00:00", timely_at=first.timely_at)
    own_instant = a_report(values={"I1": "2"}, received="2022-05-18T09:00:00")
    assert value(seen(first, kept)) == 2
    assert seen(first, own_instant).own is None


def test_a_report_after_close_is_read_by_later_periods_only() -> None:
    in_time = a_report(values={"I1": "1"}, received="2022-05-10T09:00:00")
    late = a_report(values={"I1": "2"}, received="2022-05-18T00:00:00")
    assert value(seen(in_time, late)) == 1
    assert value(seen(in_time, late, period="2022-B3")) == 2


def test_reports_of_later_periods_are_not_read() -> None:
    later = a_report(period="2022-B3", values={"I1": "9"}, as_of="2022-04-30")
    assert value(seen(later)) is None


def test_with_an_anchor_month_in_spring_earlier_periods_are_told_by_time_not_by_id() -> None:
    scheme = PeriodScheme(cadence="bimonthly", anchor_month=3)
    winter, spring = scheme.parse("2022-B6"), scheme.parse("2022-B1")
    assert winter.last < spring.first
    earlier = a_report(period="2022-B6", values={"I1": "1"}, as_of="2022-02-20")
    reading = read([earlier], unit="U1", period=spring, scheme=scheme, close_end=None)
    assert value(reading) == 1


def test_the_newest_value_is_the_one_dated_last_not_the_one_sent_last() -> None:
    dated_later = a_report(period="2022-B1", values={"I1": "5"}, as_of="2022-02-20")
    sent_later = a_report(values={"I1": "4"}, as_of="2022-02-10")
    assert value(seen(dated_later, sent_later)) == 5


def test_of_one_day_the_value_received_last_is_the_newest() -> None:
    first = a_report(period="2022-B1", values={"I1": "5"}, as_of="2022-03-01")
    second = a_report(values={"I1": "4"}, as_of="2022-03-01")
    assert value(seen(second, first)) == 4


def test_another_units_report_is_not_the_leads() -> None:
    assert seen(a_report(unit="U2", values={"I1": "1"})).own is None


def test_the_newest_figure_of_each_year_is_its_years() -> None:
    corrected = a_report(period="2021-B6", values={"I1": "8"}, as_of="2021-12-31")
    early = a_report(period="2021-B2", values={"I1": "3"}, as_of="2021-04-30")
    this_year = a_report(values={"I1": "4"})
    rates = seen(early, corrected, this_year).rates("I1", range(2020, 2026))
    assert {year: rate for year, (rate, _) in rates.items()} == {2021: Decimal(8), 2022: Decimal(4)}
    assert seen(early, corrected, this_year).rates("I1", range(2021, 2022)).keys() == {2021}


def test_the_newest_pair_of_rates_is_read_whole() -> None:
    first = a_report(period="2022-B1", relations={"I1": (Decimal(6), Decimal(7))})
    second = a_report(relations={"I1": (Decimal(5), Decimal(8))})
    found = seen(first, second).relation("I1")
    assert found == ((Decimal(5), Decimal(8)), second)
    assert seen(first, a_report()).relation("I1") == ((Decimal(6), Decimal(7)), first)
    assert seen(first).relation("I2") is None


def test_the_newest_graded_report_tells_the_grade() -> None:
    graded = a_report(period="2022-B1", rubric="B")
    assert seen(graded, a_report()).rubric() == ("B", graded)
    assert seen(a_report()).rubric() is None


def test_until_a_day_only_what_was_true_by_then_is_read() -> None:
    earlier = a_report(period="2022-B1", values={"I1": "1"}, as_of="2022-02-20")
    later = a_report(values={"I1": "2"}, as_of="2022-03-05")
    reading = seen(earlier, later)
    assert value(reading) == 2
    assert value(reading.until(date(2022, 3, 4))) == 1
    assert value(reading.until(date(2022, 3, 5))) == 2
