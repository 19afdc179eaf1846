"""Run docs/model.ipynb from top to bottom and keep its outputs: `make notebook`."""  # noqa: INP001, a script

# Jupyter opens and runs the notebook as any other (`pip install jupyterlab`). To write its outputs anew, and to test
# it, no more is needed than Headsup itself: cells run in order, what is printed is kept, and so is the value of a
# cell's last line, as text, as a table or as a picture.

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).with_name("model.ipynb")
FORMS = {"_repr_svg_": "image/svg+xml", "_repr_html_": "text/html", "__repr__": "text/plain"}


def run(notebook: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Execute all cells and return the notebook with their outputs.

    `changed` takes the place of names that the first cell of code sets.
    """
    space: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, start=1):
        cell["execution_count"], cell["outputs"] = number, _execute("".join(cell["source"]), space, number)
        if number == 1:
            space |= changed
    return notebook


def _execute(source: str, space: dict[str, Any], number: int) -> list[dict[str, Any]]:
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), f"<cell {number}>", "exec"), space)  # noqa: S102
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"<cell {number}>", "eval"), space)  # noqa: S307
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(printed.getvalue())})
    if value is not None:
        forms = {kind: getattr(value, form)() for form, kind in FORMS.items() if hasattr(value, form)}
        data = {kind: _lines(shown) for kind, shown in forms.items()}
        outputs.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": data})
    return outputs


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> None:
    found = run(json.loads(NOTEBOOK.read_text(encoding="utf-8")))
    NOTEBOOK.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
