"""Lists of members: which lines count, which are refused, and that a file that was exported comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flags.domain.members import Mode, UnreadableMembers, combined, read_csv, read_lines, write_csv

keys = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20).map(str.strip)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("u-1\nu-2\n", {"u-1", "u-2"}),
        ("u-1\r\nu-2", {"u-1", "u-2"}),
        ("\ufeffu-1\nu-1\n\n  u-2  \n", {"u-1", "u-2"}),
        ("targeting_key\nu-1\n", {"u-1"}),
        ("\ufeffTargeting_Key;plan\r\nu-1;pro\r\n;\r\nu-2;free\r\n", {"u-1", "u-2"}),
        ("plan\tuser_id\npro\tu-1\n", {"u-1"}),
        ("user_id,id\nu-1,7\n", {"7"}),  # the likelier name wins
        ("id,targeting_key\n7,u-1\n", {"u-1"}),
        ("u-1,Ann\nu-2,Bob\n", {"u-1", "u-2"}),  # no header: the first column
        ('name,id\n"Doe, Jane",u-1\n', {"u-1"}),
        ('id\n"a ""b"", c"\n', {'a "b", c'}),
        ("name,id\n\n,\nAnn,u-1\n", {"u-1"}),
        ("id\n'=1+1\n'abc\n''x\n", {"=1+1", "'abc", "'x"}),
    ],
)
def test_a_file_is_read(text: str, expected: set[str]) -> None:
    assert read_csv(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("id,name\nu-1,Ann\nu-2\n", 3, "has 1 columns, the first line has 2"),
        ("u-1\nu-2,Bob\n", 2, "has 2 columns, the first line has 1"),
        ("id,name\n,Ann\n", 2, "the column with the targeting key is empty"),
        ("id\n" + "x" * 201, 2, "at most 200 characters"),
        ('id\n"u-1\nu-2\n', 2, "a quotation mark is not closed"),
        ('id\nu-0\n"u-1"x\nu-2', 3, "a quotation mark is not closed, or more follows after it"),
        ('id\nu-0\n"u\n1"\n', 3, "one line of text"),
        ("id\n\nu-\0", 3, "one line of text"),
        ("id\nu-\ud800", 2, "one line of text"),
    ],
)
def test_a_bad_line_is_told_by_its_number(text: str, line: int, told: str) -> None:
    with pytest.raises(UnreadableMembers) as refused:
        read_csv(text)
    ((number, problem),) = refused.value.problems
    assert (number, refused.value.more) == (line, 0)
    assert told in problem


def test_lines_after_a_bad_one_are_judged_as_well_and_twenty_are_told() -> None:
    with pytest.raises(UnreadableMembers) as refused:
        read_csv("id,name\n" + "u-1\n" * 23 + "u-2,Ann\n" + '"u-3"x,Ann\n')
    assert [number for number, _problem in refused.value.problems] == [*range(2, 22)]
    assert refused.value.more == 4


def test_lines_of_a_text_area_are_stripped_and_counted_from_one() -> None:
    assert read_lines(["u-1", "", "  u-2 "]) == {"u-1", "u-2"}
    with pytest.raises(UnreadableMembers) as refused:
        read_lines(["u-1", "", "x" * 201])
    assert refused.value.problems[0][0] == 3


@pytest.mark.parametrize(
    ("mode", "expected"), [(Mode.REPLACE, {"b", "c"}), (Mode.ADD, {"a", "b", "c"}), (Mode.REMOVE, {"a"})]
)
def test_modes(mode: Mode, expected: set[str]) -> None:
    assert combined({"a", "b"}, {"b", "c"}, mode) == expected


@pytest.mark.parametrize(
    ("key", "cell"),
    [
        ("u-1", '"u-1"'),
        ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
        ("+49151", '"\'+49151"'),
        ("-1", '"\'-1"'),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("\uff1d1", '"\'\uff1d1"'),
        ("'quoted", "\"''quoted\""),
        ('a"b', '"a""b"'),
        ("a,b;c", '"a,b;c"'),
    ],
)
def test_no_cell_of_an_export_is_a_formula(key: str, cell: str) -> None:
    assert write_csv([key]) == f'"targeting_key"\r\n{cell}\r\n'
    assert read_csv(write_csv([key])) == {key}


@given(st.sets(keys.filter(bool)) | st.sets(st.sampled_from(["'", "''", "'=", "=", "id", "a\tb", ";", '"', "'a"])))
def test_an_export_is_read_back_to_the_same_members(members: set[str]) -> None:
    assert read_csv(write_csv(sorted(members))) == members
