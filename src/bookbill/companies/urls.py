"""Addresses of the company itself."""

from django.urls import path, re_path

from bookbill.companies.views import keys, look, members, profile, settings, sign_in

app_name = "companies"

urlpatterns = [
    path("companies/<uuid:pk>/switch", sign_in.switch_company, name="switch"),
    path("demo/sign-in/<str:token>", sign_in.demo_sign_in, name="demo-sign-in"),
    path("settings", settings.overview, name="settings"),
    path("settings/company", settings.company_page, name="company"),
    path("settings/invoicing", settings.invoicing_page, name="invoicing"),
    path("settings/invoicing/example", settings.number_example, name="number-example"),
    path("settings/look", look.look_page, name="look"),
    path("settings/look/logo", look.change_logo_page, name="change-logo"),
    re_path(r"^settings/look/logo/(?P<digest>[0-9a-f]{64})\.png\Z", look.logo_picture, name="logo"),
    path("settings/members", members.members_page, name="members"),
    path("settings/members/new", members.add_page, name="member-new"),
    path("settings/members/<uuid:pk>", members.member_page, name="member"),
    path("settings/members/<uuid:pk>/end", members.end_membership, name="member-end"),
    path("settings/members/<uuid:pk>/resumption", members.resume_membership, name="member-resume"),
    path("settings/members/<uuid:pk>/invitation", members.new_link, name="member-invite"),
    path("settings/keys", keys.keys_page, name="keys"),
    path("settings/keys/new", keys.add_page, name="key-new"),
    path("settings/keys/<uuid:pk>/revocation", keys.revoke_page, name="key-revoke"),
    path("settings/plan", settings.plan_page, name="plan"),
    path("profile", profile.profile_page, name="profile"),
    path("profile/security", profile.security_page, name="security"),
    re_path(r"^look/(?P<colour>[0-9a-f]{6})-(?P<version>[0-9a-f]{10})\.css\Z", look.colours, name="colours"),
]
