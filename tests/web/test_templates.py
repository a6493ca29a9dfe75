"""Templates stay readable: no line is longer than an editor shows."""

from tests.conftest import REPOSITORY

LONGEST = 160
TEMPLATES = REPOSITORY / "templates"
IN_ONE = {("skeleton.html", "content="), ("distillation/_curve.html", "<svg")}  # one attribute each


def test_no_line_is_too_long() -> None:
    long = {
        (path.relative_to(TEMPLATES).as_posix(), line.split("'")[0].split()[0])
        for path in TEMPLATES.rglob("*.html")
        for line in path.read_text(encoding="utf-8").splitlines()
        if len(line) > LONGEST
    }
    assert long == IN_ONE
