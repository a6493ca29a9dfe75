"""Permissions: every address of the web application with the roles that may open it.

A new address needs a row here; `test_permissions.py` fails without it. ADMIN holds every role.
"""

from voicelab.roles import ADMIN, LABELER, REVIEWER, ROLES, SPEAKER

EVERYBODY = frozenset({"anonymous", *ROLES})
ALL = frozenset(ROLES)


def only(*roles: str) -> frozenset[str]:
    return frozenset({ADMIN, *roles})


GET, POST, BOTH = "GET", "POST", "GET POST"
HUGE = "9" * 4400  # Python reads numbers of up to 4300 digits
# Fields of forms and addresses that views read themselves; admins send a huge number in each.
FIELDS = (
    *("a", "after", "again", "b", "batch", "entry", "from", "heard", "index", "instead", "minutes"),
    *("name", "next", "pack", "page", "pick", "q", "run", "seen", "sentence", "speaker", "speed"),
    *("state", "steps", "style", "take", "target_takes", "text", "value", "with"),
)
# Django's own, which answer further methods as one of these.
OF_DJANGO = {
    *("favicon", "admin_login", "login", "login_code", "set_language"),
    *("password_change", "password_reset", "password_reset_confirm"),
}

# A GET leads to the page that has the form (`roles.posted_from`), whoever asks.
LEAD_TO_FORM = {"person_link", "take_batch_send", "take_judge", "label_save", "pack_decide"}

# name of the address: (methods, who may)
PERMISSIONS: dict[str, tuple[str, frozenset[str]]] = {
    # voicelab
    "favicon": ("GET", EVERYBODY),
    "login": (BOTH, EVERYBODY),
    "admin_login": ("GET", EVERYBODY),  # leads to "login"
    "login_code": (BOTH, EVERYBODY),  # after a right password; else it leads to sign-in
    "logout": ("POST", EVERYBODY),
    "second_factor": (BOTH, ALL),
    "set_language": ("POST", EVERYBODY),
    "home": ("GET", ALL),
    "glossary": ("GET", ALL),
    "help": ("GET", ALL),
    "help_role": ("GET", ALL),
    "people": (BOTH, only()),
    "person_link": ("POST", only()),
    "person_active": ("POST", only()),
    "healthz": ("GET", EVERYBODY),
    "readyz": ("GET", EVERYBODY),
    "metrics": ("GET", only()),  # and who has METRICS_KEY
    "operations": ("GET", only()),
    "unattended": ("GET", ALL),
    "person_second_factor": ("POST", only()),
    "password_change": (BOTH, ALL),
    "audit": ("GET", only()),
    "audit_export": ("GET", only()),
    "password_change_done": ("GET", ALL),
    "password_reset": (BOTH, EVERYBODY),
    "password_reset_done": ("GET", EVERYBODY),
    "password_reset_confirm": (BOTH, EVERYBODY),
    "password_reset_complete": ("GET", EVERYBODY),
    # corpus
    "label": ("GET", ALL),
    "label_save": ("POST", only(LABELER)),
    "label_undo": ("POST", only(LABELER)),
    "focus": ("GET", only(LABELER)),
    "focus_next": ("GET", only(LABELER)),
    "focus_save": ("POST", only(LABELER)),
    "focus_undo": ("POST", only(LABELER)),
    "label_selection": ("POST", only(LABELER)),
    "label_flag": ("POST", only(LABELER, REVIEWER)),
    "label_flag_resolve": ("POST", only(LABELER, REVIEWER)),
    "sentence_correct": (BOTH, only(LABELER, REVIEWER)),
    "label_accept": (BOTH, only(LABELER)),
    "label_accept_undo": ("POST", only(LABELER)),
    "label_disputes": ("GET", only(REVIEWER)),
    "adjudicate": ("POST", only(REVIEWER)),
    "agreement": ("GET", only(LABELER, REVIEWER)),
    "label_people": ("GET", only(LABELER, REVIEWER)),
    "corpus_export": ("GET", only(LABELER)),
    "corpus_import": (BOTH, only(LABELER)),
    "sentences_import": (BOTH, only(LABELER)),
    "takes": ("GET", only(SPEAKER, REVIEWER)),
    "take": ("GET", only(SPEAKER, REVIEWER)),
    "take_audio": ("GET", only(SPEAKER, REVIEWER)),
    "take_waveform": ("GET", only(SPEAKER, REVIEWER)),
    "take_upload": (BOTH, only(SPEAKER)),
    "takes_export": ("GET", only(REVIEWER)),
    "listening": ("GET", only(REVIEWER)),
    "listening_judge": ("POST", only(REVIEWER)),
    "takes_rescore": (BOTH, only(REVIEWER)),
    "calibration": (BOTH, only(REVIEWER)),
    "take_spectrogram": ("GET", only(SPEAKER, REVIEWER)),
    "take_batch": ("GET", only(SPEAKER)),
    "take_batch_send": ("POST", only(SPEAKER)),
    "take_batch_names": ("POST", only(SPEAKER)),
    "take_batch_file": ("POST", only(SPEAKER)),
    "take_batch_zip": (BOTH, only(SPEAKER)),
    "take_judge": ("POST", only(REVIEWER)),
    "take_judge_undo": ("POST", only(REVIEWER)),
    "studio": ("GET", only(SPEAKER)),
    "studio_store": ("POST", only(SPEAKER)),
    "studio_history": ("GET", only(SPEAKER)),
    "studio_take": ("GET", only(SPEAKER)),
    "studio_example": ("GET", only(SPEAKER)),
    "consent": (BOTH, only(SPEAKER)),
    "consent_withdraw": ("POST", only(SPEAKER)),
    # distillation
    "record_next": ("GET", only(SPEAKER, REVIEWER)),
    "runs": ("GET", ALL),
    "run_launch": (BOTH, only()),
    "run_launch_facts": ("GET", only()),
    "run_launch_takes": ("GET", only()),
    "compare": ("GET", ALL),
    "run": ("GET", ALL),
    "run_panel": ("GET", ALL),
    "run_curve": ("GET", ALL),
    "run_pause": ("POST", only()),
    "run_resume": ("POST", only()),
    "run_cancel": ("POST", only()),
    "run_retry": ("POST", only()),
    "report": ("GET", ALL),
    "report_file": ("GET", ALL),
    "review": ("GET", ALL),
    "style_audio": ("GET", ALL),  # made of takes: not all, tests of hearing
    "held_out_audio": ("GET", ALL),  # likewise
    "pack_audio": ("GET", ALL),
    "pack_waveform": ("GET", ALL),
    "pack_sample": ("GET", ALL),
    "sample_waveform": ("GET", ALL),
    "pack_decide": ("POST", only(REVIEWER)),
    "voices": ("GET", ALL),
    "voice": ("GET", ALL),
    "voice_card": ("GET", ALL),
    "voice_roll_back": ("POST", only()),
    "voice_retire": ("POST", only()),
    "deploy": ("POST", only()),
    "playground": ("GET", ALL),
    "playground_speak": ("POST", ALL),
    "playground_history": ("GET", ALL),
    "playground_state": ("GET", ALL),  # of the person's own sounds
    "playground_sound": ("GET", ALL),  # likewise
    "playground_waveform": ("GET", ALL),  # likewise
    "withdrawals": ("GET", only()),
    "voice_uses": ("GET", only(SPEAKER)),
    # listening tests; a part is its listener's alone, known by its key
    "listening_tests": ("GET", ALL),
    "listening_test_new": (BOTH, only(REVIEWER)),
    "listening_test": ("GET", ALL),
    "listening_test_join": ("POST", ALL),
    "listening_test_invite": ("POST", only()),
    "listening_test_close": ("POST", only(REVIEWER)),
    "listening_test_results": ("GET", ALL),
    "listening_test_export": ("GET", only(REVIEWER)),
    "listening_test_enter": (BOTH, EVERYBODY),
    "listening_test_listen": ("GET", EVERYBODY),
    "listening_test_sound": ("GET", EVERYBODY),
    "listening_test_played": ("POST", EVERYBODY),
    "listening_test_vote": ("POST", EVERYBODY),
    "listening_test_undo": ("POST", EVERYBODY),
    "listening_test_finish": ("POST", EVERYBODY),
}
