"""Django settings. Whatever an install may change is read here, from the environment; .env.example explains it."""

from collections.abc import MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

from config import environment

BASE_DIR = environment.BASE_DIR
PARLEY_HOME = environment.home()
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.number("PORT", 8000, most=65535)
WEB_WORKERS = environment.number("WEB_WORKERS", 1)
WEB_THREADS = environment.number("WEB_THREADS", 8)
PUBLIC_URL = environment.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
DEBUG = environment.flag("DEBUG")


def _secret_key() -> str:
    """SECRET_KEY, or one made once and kept in PARLEY_HOME, readable by its owner alone."""
    if given := environment.text("SECRET_KEY"):
        return given
    path = PARLEY_HOME / "secret_key"
    if not path.exists():
        PARLEY_HOME.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(get_random_secret_key())
        draft.rename(path)
    return path.read_text().strip()


def _database(url: str) -> dj_database_url.DBConfig:
    try:
        config = dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
        config["OPTIONS"] = {"connect_timeout": 5, **config.get("OPTIONS", {})}
    except ValueError as error:
        raise environment.SettingError(f"DATABASE_URL is not the address of a database: {error}") from error
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise environment.SettingError("DATABASE_URL must name a PostgreSQL: postgresql://user:password@host/name")
    return config


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")

INSTALLED_APPS = [
    "config",
    "dashboard",
    "evaluation",
    "tuning",
    "bot",
    "knowledge",
    "llm",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_q",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.guard.navigation.pages",
            ],
        },
    },
]

# Without a URL (collectstatic, --help) no query is ever made; the name only keeps Django's checks quiet.
DATABASES = {"default": _database(environment.database_url() or "postgresql:///parley")}
# Streaming replicas of it, which searches read; one that does not answer at once is passed over.
for _number, _url in enumerate(environment.words("DATABASE_REPLICA_URLS"), start=1):
    DATABASES[f"replica{_number}"] = _database(_url)
    DATABASES[f"replica{_number}"]["OPTIONS"] |= {"connect_timeout": 1, "tcp_user_timeout": 2000}
    DATABASES[f"replica{_number}"]["TEST"] = {"MIRROR": "default"}
REPLICA_LAG_SECONDS = environment.number("REPLICA_LAG_SECONDS", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# What fails too often is counted where all web processes see it; the rest is remembered by each for itself.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "parley_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # or whoever guesses many names would push the counts of others out
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "dashboard.accounts.logins.Logins"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_RATE_LIMITS = {"login_failed": "50/m/ip,5/15m/key", "reauthenticate": "10/m/user"}
ALLAUTH_TRUSTED_PROXY_COUNT = environment.number("TRUSTED_PROXIES", 0)  # that append to X-Forwarded-For
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Parley"
MFA_ADAPTER = "dashboard.accounts.logins.Secrets"
# Logging in by the company's own identity provider (OpenID Connect); whoever comes that way has no role at first.
OIDC_ISSUER = environment.text("OIDC_ISSUER").rstrip("/")
OIDC_NAME = environment.text("OIDC_NAME", "Company account")
OIDC_CLIENT_ID = environment.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = environment.key("OIDC_CLIENT_SECRET")
SOCIALACCOUNT_ADAPTER = "dashboard.accounts.logins.CompanyLogins"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "company",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
        "OAUTH_PKCE_ENABLED": True,
    }
}
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGIN_LINK_SECONDS = 24 * 3600

LANGUAGE_CODE = "en"  # of the dashboard; bot.wording speaks to askers in theirs
LANGUAGES = [("en", "English"), ("de", "German"), ("fr", "French"), ("es", "Spanish"), ("ja", "Japanese")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = PARLEY_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

WHITENOISE_ALLOW_ALL_ORIGINS = False


def WHITENOISE_ADD_HEADERS_FUNCTION(headers: MutableMapping[str, str], _path: str, _url: str) -> None:  # noqa: N802
    """A picture that is opened by itself is a page, too."""
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"


_is_https = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
SECURE_SSL_REDIRECT = False  # the proxy that ends TLS redirects
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _is_https
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = _is_https
CSRF_COOKIE_SECURE = _is_https
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-session" if _is_https else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if _is_https else "csrftoken"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # the proxy that ends TLS redirects
    "security.W021",  # whether browsers preload a domain is for its owner to say
]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *([urlsplit(OIDC_ISSUER)._replace(path="").geturl()] if OIDC_ISSUER else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Jobs that may safely run twice. `retry` exceeds the longest job, or a job still running would be started again; what
# is lost with its worker is queued anew long before, as the rows say what is to be done.
JOB_SECONDS = 600
LONGEST_JOB_SECONDS = 4 * 3600  # reading a large site politely
Q_CLUSTER = {
    "name": "parley",
    "orm": "default",
    "cache": "process",
    "workers": environment.number("WORKERS", 2),
    "queue_limit": environment.number("WORKERS", 2),
    "timeout": JOB_SECONDS,
    "retry": LONGEST_JOB_SECONDS + JOB_SECONDS,
    "max_attempts": 5,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 250,
    "poll": 1,
    "recycle": 50,
    "label": "Jobs",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "config.logs.Redact"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]}},
    "loggers": {
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody can cause it, any number of times
        "slack_bolt": {"level": "ERROR"},  # it warns of a token in the environment that we give it otherwise
    },
    "root": {"handlers": ["stderr"], "level": environment.log_level("LOG_LEVEL")},
}

# Models and vendors. A key is read here and nowhere else; base URLs exist so that local servers can stand in.
OPENAI_API_KEY = environment.key("OPENAI_API_KEY")
OPENAI_BASE_URL = environment.text("OPENAI_BASE_URL")  # empty: what set-up remembered, else the vendor's own
ANTHROPIC_API_KEY = environment.key("ANTHROPIC_API_KEY")
ANTHROPIC_BASE_URL = environment.text("ANTHROPIC_BASE_URL")
ANSWER_MODEL = environment.text("ANSWER_MODEL")  # provider:model; empty: chosen at set-up from the keys that are there
EMBED_MODEL = environment.text("EMBED_MODEL")  # empty: the local one at the first set-up, then what is live
EMBED_DIMENSIONS = environment.number("EMBED_DIMENSIONS", 0)  # 0: a model whose length is known
ANSWER_SECONDS = environment.number("ANSWER_SECONDS", 45)
FALLBACK_MODEL = environment.text("FALLBACK_MODEL")  # empty: what is live, at first nobody; "none": nobody any more
FIRST_WORD_SECONDS = environment.number("FIRST_WORD_SECONDS", 8)  # for each of two models, where there is a fallback

# Platforms. The addresses default to the real services.
SLACK_BOT_TOKEN = environment.key("SLACK_BOT_TOKEN")
SLACK_APP_TOKEN = environment.key("SLACK_APP_TOKEN")
SLACK_SIGNING_SECRET = environment.key("SLACK_SIGNING_SECRET")
SLACK_API_URL = environment.text("SLACK_API_URL", "https://slack.com/api/")
SLACK_CLIENT_ID = environment.text("SLACK_CLIENT_ID")
SLACK_CLIENT_SECRET = environment.key("SLACK_CLIENT_SECRET")
DISCORD_BOT_TOKEN = environment.key("DISCORD_BOT_TOKEN")
DISCORD_API_URL = environment.text("DISCORD_API_URL", "https://discord.com/api/v10").rstrip("/")
DISCORD_GATEWAY_URL = environment.text("DISCORD_GATEWAY_URL")
DISCORD_SHARDS = environment.text("DISCORD_SHARDS")
ANSWER_THREADS = environment.number("ANSWER_THREADS", 48, most=500)
BOT_CONNECTIONS = environment.number("BOT_CONNECTIONS", 10, least=4, most=500)
TRANSCRIPT_DAYS = environment.number("TRANSCRIPT_DAYS", 180)  # after which conversations are deleted; 0: never
LEASE_SECONDS = environment.number("LEASE_SECONDS", 30)  # after which others take over from a process that died
FAILPOINT = environment.text("FAILPOINT")


def _processes() -> dict[str, str]:
    """What `manage.py up` runs, name -> command: a bot for each platform whose token is there."""
    bots = {"slack": SLACK_BOT_TOKEN or SLACK_CLIENT_ID, "discord": DISCORD_BOT_TOKEN}
    return {"web": "web", "worker": "qcluster", **{name: f"runbot {name}" for name, token in bots.items() if token}}


PROCESSES = _processes()

MODELS_DIR = PARLEY_HOME / "models"
TUNING_DIR = PARLEY_HOME / "tuning"  # a folder for each training on this machine
TRAIN_PYTHON = BASE_DIR / ".venv-train" / "bin" / "python"  # what make train-setup made
SAMPLE_DIR = BASE_DIR / "knowledge" / "sample" / "help_centre"
ALLOW_PRIVATE_HOSTS = environment.flag("ALLOW_PRIVATE_HOSTS")  # may ingest fetch pages from private addresses


def version(changelog: Path = BASE_DIR / "CHANGELOG.md") -> str:
    """The newest version named in the changelog, its only home."""
    headings = [line for line in changelog.read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    return headings[0].removeprefix("## ").split()[0] if headings else "0"


VERSION = version()
