"""Is everything there that the bot needs on its platforms?"""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot import doctor
from dashboard import access


@never_cache
@require_safe
def examine(request: access.Request) -> HttpResponse:
    """What manage.py doctor says, as a page; for administrators, since it names what is not set."""
    access.administrator(request.user)
    findings = doctor.examine()
    context = {
        "page": "doctor",
        "findings": findings,
        "faults": sum(not each.is_ok for each in findings),
        "can_install": bool(settings.SLACK_CLIENT_ID),
    }
    return render(request, "dashboard/doctor.html", context)
