"""Addresses of invoices."""

from django.urls import path

from bookbill.invoices.views import acts, detail, instant, listing, making, sample

app_name = "invoices"
urlpatterns = [
    path("payments/invoices", listing.list_page, name="list"),
    path("payments/invoices/choose", making.choose_page, name="choose"),
    path("payments/invoices/new", making.generate_page, name="generate"),
    path("payments/invoices/instant", instant.instant_page, name="instant"),
    path("payments/invoices/sendings", acts.send_many, name="send-many"),
    path("payments/invoices/<uuid:pk>", detail.payments_tab, name="detail"),
    path("payments/invoices/<uuid:pk>/versions", detail.versions_tab, name="versions"),
    path("payments/invoices/<uuid:pk>/versions/<int:n>/pdf", acts.version_pdf, name="version-pdf"),
    path("payments/invoices/<uuid:pk>/emails", detail.emails_tab, name="emails"),
    path("payments/invoices/<uuid:pk>/history", detail.history_tab, name="history"),
    path("payments/invoices/<uuid:pk>/edit", making.edit_draft_page, name="edit"),
    path("payments/invoices/<uuid:pk>/details", acts.edit_sent_page, name="edit-sent"),
    path("payments/invoices/<uuid:pk>/bookings", making.add_bookings, name="add-bookings"),
    path("payments/invoices/<uuid:pk>/sendings", acts.send_page, name="send"),
    path("payments/invoices/<uuid:pk>/sendings/undo", acts.undo_page, name="undo-sending"),
    path("payments/invoices/<uuid:pk>/payments", acts.payment_page, name="pay"),
    path("payments/invoices/<uuid:pk>/cancellation", acts.cancel_page, name="cancel"),
    path("payments/invoices/<uuid:pk>/deletion", acts.delete_page, name="delete"),
    path("payments/invoices/<uuid:pk>/pdf", acts.pdf, name="pdf"),
    path("settings/look/sample.pdf", sample.sample_pdf, name="sample-pdf"),
    path("settings/look/sample.png", sample.sample_picture, name="sample-picture"),
]
