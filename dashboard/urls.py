"""The addresses of the dashboard."""

from django.urls import path

from dashboard.views import ask, doctor, health, home, login, slack

urlpatterns = [
    path("", home.home, name="home"),
    path("ask/", ask.ask, name="ask"),
    path("ask/<int:pk>/", ask.conversation, name="conversation"),
    path("answers/<int:pk>/feedback/", ask.feedback, name="feedback"),
    path("passages/<int:pk>/", ask.passage, name="passage"),
    path("login/", login.password_login, name="login"),
    path("login/link/<str:token>/", login.login_link, name="login_link"),
    path("logout/", login.logout, name="logout"),
    path("doctor/", doctor.examine, name="doctor"),
    path("slack/events", slack.events, name="slack_events"),
    path("slack/install/", slack.install, name="slack_install"),
    path("slack/installed/", slack.installed, name="slack_installed"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
