"""The address that is entered at the mail service."""

from django.urls import path

from bookbill.mail_events import views

app_name = "mail_events"
urlpatterns = [path("providers/mail/<slug:name>/events", views.events, name="events")]
