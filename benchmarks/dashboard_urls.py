"""Every address of the web process, and Django's admin with a plain list of messages."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from bot.models import Message


class Messages(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "text", "outcome", "model", "cost", "total_ms", "created_at")
    list_filter = ("outcome", "model")
    list_per_page = 50
    search_fields = ("text",)


admin.site.register(Message, Messages)
urlpatterns: list[URLPattern | URLResolver] = [path("admin/", admin.site.urls), path("", include("config.urls"))]
