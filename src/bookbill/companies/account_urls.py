"""Addresses of allauth that this product does not offer, in front of allauth's own: they lead to the profile."""

from django.urls import path

from bookbill.companies.views import profile

urlpatterns = [
    path("email/", profile.to_profile),
    path("confirm-email/", profile.to_profile),
    path("login/code/confirm/", profile.to_profile),
]
