#!/bin/sh
# The main job through the HTTP API, by curl alone: a completed booking becomes an invoice, is mailed to two
# recipients, paid in two parts, changed, sent again and cancelled. Each step says what it saw and stops if that is wrong.
#
#     URL=http://127.0.0.1:8000 KEY="$(bookbill create-api-key --company … --member …)" sh docs/examples/main_job.sh
#
# It needs curl 7.76 or newer, python3 to read JSON, and a worker that sends (bookbill serve has one).
set -eu
run=$(date +%s)-$$
calls=0

# METHOD PATH [BODY] → $answer. A repeated POST with the same key has one effect; here no key comes twice.
api() {
    calls=$((calls + 1))
    answer=$(curl --silent --show-error --fail-with-body --request "$1" "$URL/api/v1$2" \
        --header "Authorization: Bearer $KEY" --header "Idempotency-Key: $run-$calls" \
        --header "Content-Type: application/json" ${3:+--data "$3"}) || {
        echo "$1 $2 was refused: $answer" >&2
        exit 1
    }
}

# What a Python expression finds in $answer, there called `it`.
find() { printf %s "$answer" | python3 -c "import json, sys; it = json.load(sys.stdin); print($1)"; }

# SENTENCE EXPRESSION WANTED: the answer says so.
see() {
    seen=$(find "$2")
    [ "$seen" = "$3" ] || { echo "$1: expected $3, saw $seen" >&2; exit 1; }
    echo "$1: $seen"
}

api POST /customers '{"name": "Cedar & Sons", "email": "ap@cedar.example", "billing_address": {"line1": "1 Old Street"}}'
customer=$(find 'it["id"]')
api POST /bookings "{\"customer_id\": \"$customer\", \"service_date\": \"$(date +%F)\", \"items\": [{\"description\": \"Deep clean\", \"unit_price\": \"100.00\"}]}"
booking=$(find 'it["id"]')
api POST "/bookings/$booking/completion" '{}'
see "The booking" 'it["state"]' completed
before=$(find 'it["total_minor"]')

api POST /invoices "{\"booking_ids\": [\"$booking\"], \"extra_recipients\": \"second@cedar.example\"}"
invoice=$(find 'it["id"]')
see "The invoice" 'it["status"]' draft
api POST "/invoices/$invoice/sendings" '{}'
see "Sent as version" 'it["n"]' 1
for _ in $(seq 120); do
    api GET "/invoices/$invoice"
    [ "$(find 'sum(mail["state"] == "accepted" for mail in it["messages"])')" = 2 ] && break
    sleep 0.5
done
see "Emails the mail server took" 'sum(mail["state"] == "accepted" for mail in it["messages"])' 2
see "The invoice" 'it["status"]' sent
see "Version 1 has its PDF" 'len(it["versions"][0]["pdf_sha256"])' 64

api POST /payments "{\"invoice_id\": \"$invoice\", \"method\": \"bank_transfer\", \"amount_minor\": 1000}"
api GET "/invoices/$invoice"
see "After a part" 'it["status"]' partially_paid
api POST /payments "{\"invoice_id\": \"$invoice\", \"method\": \"bank_transfer\", \"amount_minor\": $((before - 1000))}"
api GET "/invoices/$invoice"
see "After the rest" 'it["status"]' paid

api PATCH "/bookings/$booking" '{"items": [{"description": "Deep clean", "unit_price": "120.00"}]}'
after=$(find 'it["total_minor"]')
api PATCH "/customers/$customer" '{"billing_address": {"line1": "2 New Street"}}'
api GET "/invoices/$invoice"
see "Its total follows the booking" 'it["total_minor"]' "$after"
see "Its address follows the customer" 'it["billing"]["billing_address"]["line1"]' "2 New Street"
see "Changed since sent" '"changed_since_sent" in it["marks"]' True
api GET "/invoices/$invoice/versions/1"
see "Version 1 stays" 'it["total_minor"]' "$before"
api POST "/invoices/$invoice/sendings" '{}'
see "Sent as version" 'it["n"]' 2

api POST "/invoices/$invoice/cancellation" '{"reason": "Agreed on the phone", "notify": false}'
api GET "/invoices/$invoice"
see "The invoice" 'it["status"]' cancelled
api GET "/bookings/$booking"
see "The booking is free again" 'it["invoice_id"]' None
see "And keeps its money" 'it["paid_minor"]' "$before"
