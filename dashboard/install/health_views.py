"""What machines ask: is the process up, and can it do its work."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from dashboard.guard import rules
from dashboard.install import readiness


@rules.public()
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django passes the request
    return HttpResponse("ok", content_type="text/plain")


@rules.public()
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  Django passes the request
    checks = readiness.checks()
    is_ready = all(check.is_ok for check in checks)
    told = {check.name: {"ok": check.is_ok, "detail": check.detail} for check in checks}
    return JsonResponse({"ready": is_ready, "checks": told}, status=200 if is_ready else 503)
