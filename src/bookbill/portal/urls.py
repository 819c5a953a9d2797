"""Addresses a customer is given."""

from django.urls import path

from bookbill.portal import views

app_name = "portal"
urlpatterns = [
    path("i/<str:token>", views.invoice_page, name="invoice"),
    path("i/<str:token>/pdf", views.pdf, name="pdf"),
    path("i/<str:token>/logo", views.logo, name="logo"),
    path("i/<str:token>/views", views.add_view, name="views"),
]
