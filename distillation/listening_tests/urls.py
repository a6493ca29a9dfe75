"""URLs of listening tests; those under listen/ need no account."""

from django.urls import path

from distillation.listening_tests.views import managing, taking_part

PART = "listening-tests/listen/as/<uuid:key>"

urlpatterns = [
    path("listening-tests/", managing.listing, name="listening_tests"),
    path("listening-tests/new/", managing.new, name="listening_test_new"),
    path("listening-tests/<int:pk>/", managing.detail, name="listening_test"),
    path("listening-tests/<int:pk>/join/", taking_part.join, name="listening_test_join"),
    path("listening-tests/<int:pk>/invite/", managing.invite, name="listening_test_invite"),
    path("listening-tests/<int:pk>/close/", managing.close, name="listening_test_close"),
    path("listening-tests/<int:pk>/results/", managing.results, name="listening_test_results"),
    path(
        "listening-tests/<int:pk>/results/votes.<slug:kind>",
        managing.export,
        name="listening_test_export",
    ),
    path("listening-tests/listen/<str:token>/", taking_part.enter, name="listening_test_enter"),
    path(f"{PART}/", taking_part.listen, name="listening_test_listen"),
    path(f"{PART}/undo/", taking_part.undo, name="listening_test_undo"),
    path(f"{PART}/finish/", taking_part.finish, name="listening_test_finish"),
    path(f"{PART}/<uuid:trial>/<slug:side>.wav", taking_part.sound, name="listening_test_sound"),
    path(f"{PART}/<uuid:trial>/played/", taking_part.played, name="listening_test_played"),
    path(f"{PART}/<uuid:trial>/vote/", taking_part.vote, name="listening_test_vote"),
]
