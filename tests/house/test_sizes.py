"""A file has one reason to exist, and a function fits on a screen."""

import ast

from tests.house.repository import ROOT, files

FILE_LINES, TEST_LINES, FUNCTION_LINES = 250, 300, 40


def sources():
    return [path for path in files("*.py") if path.parent.name != "versions"]


def test_no_file_is_too_long():
    too_long = {}
    for path in sources():
        most = TEST_LINES if path.is_relative_to(ROOT / "tests") else FILE_LINES
        lines = len(path.read_text().splitlines())
        if lines > most:
            too_long[str(path.relative_to(ROOT))] = lines

    assert too_long == {}


def test_no_function_is_too_long():
    too_long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }

    assert too_long == {}
