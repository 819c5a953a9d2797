"""Addresses of payments."""

from django.urls import path

from bookbill.ledger.views import acts, claims, lists, payment, recording

app_name = "ledger"
urlpatterns = [
    path("payments/transactions", lists.list_page, name="list"),
    path("payments/transactions/new", recording.payers_page, name="new"),
    path("payments/transactions/<uuid:pk>", payment.detail_page, name="detail"),
    path("payments/transactions/<uuid:pk>/placing", acts.place_page, name="place"),
    path("payments/transactions/<uuid:pk>/reference", acts.reference_page, name="reference"),
    path("payments/transactions/<uuid:pk>/reversal", acts.reverse_page, name="reverse"),
    path("customers/<uuid:pk>/payments", lists.customer_tab, name="of-customer"),
    path("customers/<uuid:pk>/payments/new", recording.record_page, name="record"),
    path("bookings/<uuid:pk>/payments", lists.booking_tab, name="of-booking"),
    path("bookings/<uuid:pk>/write-off", claims.write_off_page, name="write-off"),
    path("bookings/<uuid:pk>/reduction", claims.reduce_page, name="reduce"),
]
