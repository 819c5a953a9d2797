"""Addresses of bookings and the catalogue."""

from django.urls import path

from bookbill.bookings.views import (
    acts,
    bookings,
    calendar,
    lines,
    lists,
    repricing,
    services,
    tax_codes,
)

app_name = "bookings"
urlpatterns = [
    path("bookings", lists.list_page, name="list"),
    path("bookings/calendar", calendar.calendar_page, name="calendar"),
    path("bookings/new", bookings.create_page, name="new"),
    path("bookings/completions", acts.complete_many, name="complete-many"),
    path("bookings/lines/new", lines.new_line, name="new-line"),
    path("bookings/lines/none", lines.no_line, name="no-line"),
    path("bookings/lines/<int:index>", lines.chosen_service, name="line"),
    path("bookings/sums", lines.sums, name="sums"),
    path("settings/services", services.services_page, name="services"),
    path("settings/services/new", services.create_service_page, name="new-service"),
    path("settings/services/<uuid:pk>", services.edit_service_page, name="edit-service"),
    path("settings/services/<uuid:pk>/archival", services.archive_service_act, name="archive-service"),
    path("bookings/<uuid:pk>", bookings.detail_page, name="detail"),
    path("bookings/<uuid:pk>/edit", bookings.edit_page, name="edit"),
    path("bookings/<uuid:pk>/menu", acts.menu_part, name="menu"),
    path("bookings/<uuid:pk>/completion", acts.complete, name="complete"),
    path("bookings/<uuid:pk>/reopening", acts.reopen, name="reopen"),
    path("bookings/<uuid:pk>/hold", acts.hold_back, name="hold-back"),
    path("bookings/<uuid:pk>/cancellation", acts.cancel_page, name="cancel"),
    path("bookings/<uuid:pk>/deletion", acts.delete_page, name="delete"),
    path("customers/<uuid:pk>/bookings", lists.customer_tab, name="of-customer"),
    path("settings/taxes", tax_codes.tax_codes_page, name="tax-codes"),
    path("settings/taxes/new", tax_codes.create_tax_code_page, name="new-tax-code"),
    path("settings/taxes/<uuid:pk>", tax_codes.edit_tax_code_page, name="edit-tax-code"),
    path("settings/taxes/<uuid:pk>/archival", tax_codes.archive_tax_code_act, name="archive-tax-code"),
    path("settings/taxes/<uuid:pk>/bookings", repricing.priced_with_page, name="priced-with"),
    path("settings/taxes/<uuid:pk>/repricings", repricing.reprice_page, name="reprice"),
    path("settings/repricings/<uuid:pk>", repricing.repricing_page, name="repricing"),
    path("settings/repricings/<uuid:pk>/resumption", repricing.resume, name="resume-repricing"),
]
