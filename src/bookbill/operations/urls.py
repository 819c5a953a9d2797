"""Addresses of operations."""

from django.urls import path

from bookbill.operations.views import dashboard, health, mailbox, work

app_name = "operations"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("mailbox", mailbox.list_page, name="mailbox"),
    path("mailbox/<uuid:pk>", mailbox.mail_page, name="mail"),
    path("mailbox/<uuid:pk>/html", mailbox.mail_html, name="mail-html"),
    path("mailbox/<uuid:pk>/attachments/<int:n>", mailbox.attachment, name="attachment"),
    path("operations", work.work_page, name="work"),
    path("operations/mails/<uuid:pk>/sendings", work.retry_mail_page, name="retry-mail"),
    path("operations/mails/<uuid:pk>/dismissal", work.dismiss_mail_page, name="dismiss-mail"),
    path("operations/jobs/<uuid:pk>/tries", work.retry_job_page, name="retry-job"),
    path("operations/jobs/<uuid:pk>/discard", work.discard_job_page, name="discard-job"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
