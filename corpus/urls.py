"""The addresses of labels, takes and the exchange of both."""

urlpatterns: list = []
