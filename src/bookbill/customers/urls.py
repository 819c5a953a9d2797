"""Addresses of customers."""

from django.urls import path

from bookbill.customers.views import customers

app_name = "customers"
urlpatterns = [
    path("customers", customers.list_page, name="list"),
    path("customers/new", customers.create_page, name="new"),
    path("customers/<uuid:pk>", customers.detail_page, name="detail"),
    path("customers/<uuid:pk>/billing", customers.billing_tab, name="billing"),
    path("customers/<uuid:pk>/edit", customers.edit_page, name="edit"),
    path("customers/<uuid:pk>/menu", customers.menu_part, name="menu"),
    path("customers/<uuid:pk>/archive", customers.archive, name="archive"),
]
