"""The pages of this app."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from meetings.forms import SignInForm
from meetings.views import accounts, exports, health, insight, meetings, operations, programs, search, sharing

urlpatterns = [
    path("", meetings.home, name="home"),
    path("accounts/signup/", accounts.sign_up, name="signup"),
    path("accounts/login/", LoginView.as_view(authentication_form=SignInForm), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/link/", accounts.sign_in_by_link, name="signin-link"),
    path("meetings/now/", meetings.start_now, name="meeting-now"),
    path("search/", search.search, name="search"),
    path("accounts/tokens/", programs.tokens, name="tokens"),
    path("accounts/tokens/<int:token_id>/revoke/", programs.revoke, name="token-revoke"),
    path("docs", programs.docs, name="api-docs"),
    path("meetings/new/", meetings.new, name="meeting-new"),
    path("m/<str:code>/", meetings.join, name="meeting-join"),
    path("m/<str:code>/room/", meetings.room, name="meeting-room"),
    path("m/<str:code>/waiting/", meetings.waiting, name="meeting-waiting"),
    path("m/<str:code>/invite.ics", meetings.calendar_entry, name="meeting-calendar-entry"),
    path("m/<str:code>/invite.svg", meetings.invite_picture, name="meeting-invite-picture"),
    path("m/<str:code>/overlay/", meetings.overlay, name="meeting-overlay"),
    path("m/<str:code>/leave/", meetings.leave, name="meeting-leave"),
    path("m/<str:code>/left/", meetings.left, name="meeting-left"),
    path("m/<str:code>/end/", meetings.end, name="meeting-end"),
    path("m/<str:code>/transcript/", meetings.transcript, name="meeting-transcript"),
    path("m/<str:code>/minutes.<str:extension>", exports.minutes, name="meeting-minutes"),
    path("schemas/minutes-1.json", exports.schema, name="minutes-schema"),
    path("operations/", operations.overview, name="operations"),
    path("operations/figures", operations.figures, name="operations-figures"),
    path("metrics", operations.metrics, name="metrics"),
    path("m/<str:code>/insight/", insight.page, name="meeting-insight"),
    path("m/<str:code>/sharing/", sharing.page, name="meeting-sharing"),
    path("m/<str:code>/sharing/links/", sharing.add_link, name="meeting-link-new"),
    path("m/<str:code>/sharing/links/<uuid:link_id>/revoke/", sharing.revoke_link, name="meeting-link-revoke"),
    path("shared/<str:token>/", sharing.shared, name="shared-meeting"),
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
]
