"""The shell's own addresses: theme, search, favicon, and the page of components for developers."""

from django.urls import path

from bookbill.web import views

app_name = "web"
urlpatterns = [
    path("theme", views.set_theme, name="theme"),
    path("search", views.search, name="search"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("_components", views.components, name="components"),
    path("_components/<slug:page>/page", views.components_page, name="components-page"),
    path("_components/states", views.components_states, name="components-states"),
    path("_components/dialog", views.components_dialog, name="components-dialog"),
]
