"""The strict reading of JSON."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.api.parser import MAX_DEPTH, MAX_MEMBERS, flatten, parse_json
from queueapp.domain.errors import ValidationFailed


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"{", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": Infinity}', "not valid JSON"),
        (b'{"a": 1e999}', "not valid JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not valid JSON"),
        (b'{"a": 123456789012345678901234567890}', "64 bits"),
        (b'{"a": 9223372036854775808}', "64 bits"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b'{"\\udfff": 1}', "not valid JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": ["\\u0000"]}', "NUL"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 1}}', "twice"),
        (b'{"a": [' + b"{}," * MAX_DEPTH + b'"\\u0000"]}', "NUL"),
        (nested(MAX_DEPTH + 1), "deeper"),
        (nested(2000), "not valid JSON"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "not valid JSON"),
        (b"[" + b"0," * MAX_MEMBERS + b"0]", "members"),
        (b"[1] [2]", "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
    ],
)
def test_json_that_is_refused(raw: bytes, complaint: str) -> None:
    """Each kind of bad JSON is refused with its own reason."""
    with pytest.raises(ValidationFailed, match=complaint):
        parse_json(raw)


def test_the_deepest_allowed_nesting_passes() -> None:
    """Depth is counted exactly."""
    assert parse_json(nested(MAX_DEPTH)) == orjson.loads(nested(MAX_DEPTH))


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    """Only the character counts, not how its neighbours are spelled."""
    assert parse_json(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(codec="ascii", exclude_characters="\0")), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_good_json_comes_back_as_it_was(value: object) -> None:
    """What is not refused is read exactly."""
    assert parse_json(orjson.dumps(value)) == value


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(raw: bytes) -> None:
    """Whatever the bytes, they are read or refused."""
    try:
        parse_json(raw)
    except ValidationFailed:
        return


def test_messages_become_pointers() -> None:
    """Names are escaped as JSON pointers ask, errors of a whole object name the object."""
    found = flatten({"a/b": {"c~d": ["bad"]}, "_schema": ["odd"], "list": {0: ["no"]}})

    assert found == [("/a~1b/c~0d", "bad"), ("", "odd"), ("/list/0", "no")]
