"""A working calendar for simulated events: Monday to Friday, eight to eighteen.

Used by the sample generator only.
"""

from datetime import datetime, timedelta

_OPENS, _CLOSES = 8, 18


def into_office_hours(moment: datetime) -> datetime:
    """Return the moment itself if the office is open, else when it opens next."""
    if moment.hour >= _CLOSES:
        moment = _opening(moment + timedelta(days=1))
    elif moment.hour < _OPENS:
        moment = _opening(moment)
    while moment.weekday() >= 5:
        moment = _opening(moment + timedelta(days=1))
    return moment


def after_work(moment: datetime, hours: float) -> datetime:
    """Return the moment, to the second, when so many office hours have passed."""
    moment = into_office_hours(moment)
    left = timedelta(seconds=int(hours * 3_600))
    while (today := _closing(moment) - moment) < left:
        left -= today
        moment = into_office_hours(_closing(moment))
    return moment + left


def _opening(day: datetime) -> datetime:
    # Doors open at eight, the first clicks come a little later and never all at once.
    return day.replace(hour=_OPENS, minute=day.minute // 4, second=day.second)


def _closing(day: datetime) -> datetime:
    return day.replace(hour=_CLOSES, minute=0, second=0)
