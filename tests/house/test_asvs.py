"""S20: every requirement of ASVS 5.0, levels 1 and 2, is answered once, by a test that exists or by a reason."""

import re
from collections import Counter

from tests.house.repository import ROOT

PAGE = (ROOT / "docs/asvs.md").read_text()
ROWS = re.findall(r"^\| (\d+)\.(\d+)\.(\d+) \| (yes|no|yours|n/a) \| (\S.*) \|$", PAGE, re.MULTILINE)
# How many requirements of levels 1 and 2 each chapter of the standard has.
CHAPTERS = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13}
CHAPTERS |= {16: 16, 17: 7}


def test_each_requirement_is_answered_once():
    ids = Counter(tuple(map(int, row[:3])) for row in ROWS)

    assert [number for number, times in ids.items() if times > 1] == []
    assert Counter(number[0] for number in ids) == CHAPTERS
    assert sum(CHAPTERS.values()) == 253
    assert len(re.findall(r"^\| \d", PAGE, re.MULTILINE)) == len(ROWS), "a row that is not of this form"


def test_each_answer_stands_under_its_chapter():
    for chapter in PAGE.split("\n## V")[1:]:
        number = chapter.partition(" ")[0]
        assert {row[0] for row in re.findall(r"^\| (\d+)\.(\d+)", chapter, re.MULTILINE)} == {number}


def test_every_file_that_is_named_exists():
    named = set(re.findall(r"`((?:tests|docs)/[\w/.]+)`", PAGE))

    assert len(named) > 20
    assert {each for each in named if not (ROOT / each).exists()} == set()


def test_every_test_that_the_table_of_goals_names_exists():
    goals = (ROOT / "docs/security.md").read_text().partition("## Where each goal is tested")[2].partition("\n## ")[0]
    named = set(re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)`", goals))

    assert len(named) > 20
    assert [each for each in named if not any((ROOT / at / each).exists() for at in ("", "tests/security"))] == []


def test_every_section_that_is_named_exists():
    named = set(re.findall(r'`docs/security\.md`, "([^"]+)"', PAGE))

    assert {each for each in named if each not in (ROOT / "docs/security.md").read_text()} == set()


def test_most_of_what_applies_is_shown_by_a_test():
    applies = [row for row in ROWS if row[3] != "n/a"]

    assert sum("`tests/" in row[4] for row in applies) >= 0.7 * len(applies)
