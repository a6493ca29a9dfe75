"""`.env.example` names every variable the settings read, and no other."""

import re

from corpus.text.choices import LEXICON_SETTING, SETTING
from tests.conftest import REPOSITORY

READ = re.compile(r'env\.\w+\(\s*"([A-Z0-9_]+)"')
NAMED = re.compile(r"^# ?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def test_every_variable_is_in_the_example() -> None:
    sources = [REPOSITORY / "voicelab" / name for name in ("settings.py", "settings_tts.py")]
    read = {name for path in sources for name in READ.findall(path.read_text())}
    read |= {SETTING, LEXICON_SETTING}  # the reader of texts has no settings of Django
    assert read == set(NAMED.findall((REPOSITORY / ".env.example").read_text()))
