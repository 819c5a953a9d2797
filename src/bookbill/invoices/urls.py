"""Addresses of invoices."""

from django.urls import path

from bookbill.invoices.views import (
    acts,
    bulk,
    detail,
    downloads,
    files,
    instant,
    listing,
    making,
    of_customer,
    sample,
    sending,
)

app_name = "invoices"
urlpatterns = [
    path("payments/invoices", listing.list_page, name="list"),
    path("payments/invoices/choose", making.choose_page, name="choose"),
    path("payments/invoices/new", making.generate_page, name="generate"),
    path("payments/invoices/instant", instant.instant_page, name="instant"),
    path("payments/invoices/sendings", bulk.send_many, name="send-many"),
    path("payments/invoices/sendings/undo", bulk.undo_many, name="undo-many"),
    path("payments/invoices/reminders", bulk.remind_many, name="remind-many"),
    path("payments/invoices/payments", bulk.pay_many, name="pay-many"),
    path("payments/invoices/deletions", bulk.delete_many, name="delete-many"),
    path("payments/invoices/pdfs", downloads.download_pdfs, name="download-pdfs"),
    path("payments/invoices/csv", downloads.export_csv, name="export"),
    path("payments/invoices/<uuid:pk>", detail.payments_tab, name="detail"),
    path("payments/invoices/<uuid:pk>/versions", detail.versions_tab, name="versions"),
    path("payments/invoices/<uuid:pk>/versions/<int:n>/pdf", files.version_pdf, name="version-pdf"),
    path("payments/invoices/<uuid:pk>/emails", detail.emails_tab, name="emails"),
    path("payments/invoices/<uuid:pk>/history", detail.history_tab, name="history"),
    path("payments/invoices/<uuid:pk>/edit", making.edit_draft_page, name="edit"),
    path("payments/invoices/<uuid:pk>/details", acts.edit_sent_page, name="edit-sent"),
    path("payments/invoices/<uuid:pk>/bookings", making.add_bookings, name="add-bookings"),
    path("payments/invoices/<uuid:pk>/sendings", sending.send_page, name="send"),
    path("payments/invoices/<uuid:pk>/sendings/undo", sending.undo_page, name="undo-sending"),
    path("payments/invoices/<uuid:pk>/reminders", sending.remind_page, name="remind"),
    path("payments/invoices/<uuid:pk>/emails/<uuid:message_id>", sending.retry_page, name="retry"),
    path("payments/invoices/<uuid:pk>/payments", acts.payment_page, name="pay"),
    path("payments/invoices/<uuid:pk>/cancellation", acts.cancel_page, name="cancel"),
    path("payments/invoices/<uuid:pk>/copies", acts.duplicate, name="duplicate"),
    path("payments/invoices/<uuid:pk>/link", acts.new_link_page, name="new-link"),
    path("payments/invoices/<uuid:pk>/menu", listing.row_menu, name="menu"),
    path("payments/invoices/<uuid:pk>/deletion", acts.delete_page, name="delete"),
    path("payments/invoices/<uuid:pk>/pdf", files.pdf, name="pdf"),
    path("customers/<uuid:pk>/invoices", of_customer.customer_tab, name="of-customer"),
    path("settings/look/sample.pdf", sample.sample_pdf, name="sample-pdf"),
    path("settings/look/sample.png", sample.sample_picture, name="sample-picture"),
]
