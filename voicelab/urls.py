"""Root URL configuration of the web application."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

from voicelab import accounts, second_factor, sign_in
from voicelab.admin import logs_register
from voicelab.glossary import glossary
from voicelab.help import help_page, help_role
from voicelab.home import home

handler500 = "voicelab.faults.server_error"
logs_register()
admin.site.site_header = admin.site.site_title = "Voice Lab"

urlpatterns = [
    path("", home, name="home"),
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("login/code/", sign_in.SignInCode.as_view(), name="login_code"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("account/password/", accounts.PasswordChange.as_view(), name="password_change"),
    path("account/password/done/", accounts.PasswordChanged.as_view(), name="password_change_done"),
    path("account/reset/", accounts.PasswordReset.as_view(), name="password_reset"),
    path("account/reset/sent/", accounts.PasswordResetDone.as_view(), name="password_reset_done"),
    path(
        "account/reset/<uidb64>/<token>/",
        accounts.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "account/reset/done/",
        accounts.PasswordResetComplete.as_view(),
        name="password_reset_complete",
    ),
    path("account/second-factor/", second_factor.second_factor, name="second_factor"),
    path("people/", accounts.people, name="people"),
    path("people/<int:pk>/link/", accounts.person_link, name="person_link"),
    path("people/<int:pk>/active/", accounts.person_active, name="person_active"),
    path(
        "people/<int:pk>/second-factor/",
        accounts.person_second_factor,
        name="person_second_factor",
    ),
    path("help/", help_page, name="help"),
    path("help/<slug:role>/", help_role, name="help_role"),
    path("glossary/", glossary, name="glossary"),
    path("", include("corpus.urls")),
    path("", include("distillation.urls")),
    path("", include("distillation.listening_tests.urls")),
    path("", include("voicelab.operations.urls")),
    path("favicon.ico", RedirectView.as_view(url="/static/img/mark.svg"), name="favicon"),
    # One door: the admin's own would not ask for a code.
    path(
        "admin/login/",
        RedirectView.as_view(pattern_name="login", query_string=True),
        name="admin_login",
    ),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
