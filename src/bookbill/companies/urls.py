"""Addresses of the company itself."""

from django.urls import path

from bookbill.companies import views

app_name = "companies"

urlpatterns = [
    path("companies/<uuid:pk>/switch", views.switch_company, name="switch"),
    path("demo/sign-in/<str:token>", views.demo_sign_in, name="demo-sign-in"),
]
