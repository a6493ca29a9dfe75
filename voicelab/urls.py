"""Root URL configuration of the web application."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

from voicelab.home import home

admin.site.site_header = admin.site.site_title = "Voice Lab"

urlpatterns = [
    path("", home, name="home"),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("", include("corpus.urls")),
    path("", include("distillation.urls")),
    path("", include("distillation.listening_tests.urls")),
    path("favicon.ico", RedirectView.as_view(url="/static/img/mark.svg"), name="favicon"),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
