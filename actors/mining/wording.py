"""How numbers read in the report: durations, counts, shares. Locale-free, deterministic."""

_UNITS = ((60.0, "s", 1.0), (3600.0, "min", 60.0), (172_800.0, "h", 3600.0))
_DAY, _YEAR = 86_400.0, 31_557_600.0


def duration(seconds: float | None) -> str:
    """Write seconds in the unit a person would choose: `35 s`, `47.8 min`, `14.1 days`."""
    if seconds is None:
        return "–"
    for limit, unit, size in _UNITS:
        if seconds < limit:
            return f"{_short(seconds / size)} {unit}"
    if seconds < 2 * _YEAR:
        return f"{_short(seconds / _DAY)} days"
    return f"{_short(seconds / _YEAR)} years"


def bound(seconds: float) -> str:
    """Write a round bound of a histogram bin, as short as it can be: `5 min`, `2 d`."""
    for limit, unit, size in ((60.0, "s", 1.0), (3600.0, "min", 60.0), (_DAY, "h", 3600.0)):
        if seconds < limit:
            return f"{seconds / size:g} {unit}"
    days = seconds / _DAY
    if days < 365:
        return f"{days:g} d"
    return f"{days / 365:g} y"


def count(number: int) -> str:
    """Write a whole number with thousands separated."""
    return f"{number:,}"


def share(fraction: float | None) -> str:
    """Write a share of 1 as a percentage with one decimal; tiny but real shares stay visible."""
    if fraction is None:
        return "–"
    if 0 < fraction < 0.0005:
        return "<0.1 %"
    if 0.9995 <= fraction < 1:
        return ">99.9 %"
    return f"{100 * fraction:.1f} %" if 0 < fraction < 1 else f"{100 * fraction:.0f} %"


def plural(number: int, noun: str, many: str | None = None) -> str:
    """Write a count with its noun: `1 case`, `1,434 cases`."""
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def _short(value: float) -> str:
    if value < 0.05:
        return "0"
    return f"{value:.1f}".removesuffix(".0") if value < 99.95 else f"{value:,.0f}"


def clip(name: str, most: int = 120) -> str:
    """Shorten a name that is longer than any name should be."""
    return name if len(name) <= most else name[: most - 1] + "…"
