"""Django's settings, made from the environment alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from bookbill.config.environment import Database, Environment, read_environment
from bookbill.lib import sqlite

ENVIRONMENT: Environment = read_environment()
PACKAGE_DIR = Path(__file__).resolve().parent.parent

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
DATA_DIR = ENVIRONMENT.data_dir
PUBLIC_BASE_URL = ENVIRONMENT.public_base_url
DEMO = ENVIRONMENT.demo
FONT_DIR = ENVIRONMENT.font_dir

ROOT_URLCONF = "bookbill.config.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "companies.User"

INSTALLED_APPS = [
    "bookbill.config",
    "bookbill.tour",
    "bookbill.operations",
    "bookbill.portal",
    "bookbill.invoices",
    "bookbill.ledger",
    "bookbill.bookings",
    "bookbill.customers",
    "bookbill.companies",
    "bookbill.documents",
    "bookbill.delivery",
    "bookbill.activity",
    "bookbill.work",
    "bookbill.web",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "bookbill.web.api.middleware.RequestIdMiddleware",
    "bookbill.web.api.middleware.ApiAnswerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bookbill.web.middleware.CompressedPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "bookbill.companies.middleware.CompanyMiddleware",
]

# Cotton and template-partials both want to rewrite the loaders, so they are written out: partials, then the cache, then the finders.
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "bookbill.web.templatetags.web",
                "bookbill.web.templatetags.formatting",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bookbill.web.context.shell",
                "bookbill.companies.context.staff",
            ],
        },
    }
]

FORM_RENDERER = "bookbill.web.forms.Renderer"
COTTON_ISOLATE_BY_DEFAULT = True
CSRF_FAILURE_VIEW = "bookbill.web.problems.csrf_failed"


# Data


def database_settings(database: Database, *, connections: int) -> dict[str, Any]:
    """Django's description of one database. ``connections`` is how many threads of this process may need one."""
    if database.is_sqlite:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": database.name,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": sqlite.TIMEOUT_SECONDS,
                "transaction_mode": "IMMEDIATE",
                "init_command": sqlite.init_command(),
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.name,
        "USER": database.user,
        "PASSWORD": database.password,
        "HOST": database.host,
        "PORT": database.port,
        "CONN_HEALTH_CHECKS": True,
        # A pooler between us and the server hands out another connection per transaction: nothing may live longer than one.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": connections + 2, "timeout": 10},
            "prepare_threshold": None,
            "connect_timeout": 5,
            **dict(database.options),
        },
    }


WORKER_CONNECTIONS = 16  # what `work.worker.threads_needed` asks for, and room for loops to come
DATABASES = {
    "default": database_settings(
        ENVIRONMENT.database, connections=max(ENVIRONMENT.web_threads, WORKER_CONNECTIONS)
    )
}
# Rate limits need one shared store: memory where one process serves, the database where several may.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if ENVIRONMENT.database.is_sqlite
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}
MEDIA_ROOT = DATA_DIR / "files"
STATIC_ROOT = DATA_DIR / "static"
STATIC_URL = "/static/"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "stored_files": {
        "BACKEND": "bookbill.documents.storage.DurableStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000


# Languages and time

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = ENVIRONMENT.is_https


# Who may come in, and how

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "bookbill.companies.sign_in.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "bookbill.companies.account_forms.LoginForm",
    "reset_password": "bookbill.companies.account_forms.ResetPasswordForm",
    "reset_password_from_key": "bookbill.companies.account_forms.ResetPasswordKeyForm",
    "change_password": "bookbill.companies.account_forms.ChangePasswordForm",
    "set_password": "bookbill.companies.account_forms.SetPasswordForm",
    "reauthenticate": "bookbill.companies.account_forms.ReauthenticateForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if ENVIRONMENT.is_https else "http"
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/5m/key,10/5m/ip"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = (
    not ENVIRONMENT.is_https
)  # which is loopback, where browsers allow it too
MFA_ADAPTER = "bookbill.companies.passkeys.MfaAdapter"
MFA_FORMS = {
    "add_webauthn": "bookbill.companies.passkeys.PasskeyForm",
    "authenticate": "bookbill.companies.account_forms.AuthenticateForm",
    "reauthenticate": "bookbill.companies.account_forms.ReauthenticateByCodeForm",
    "activate_totp": "bookbill.companies.account_forms.ActivateForm",
}
MFA_TOTP_ISSUER = "Bookbill"
USERSESSIONS_TRACK_ACTIVITY = False
ALLAUTH_TRUSTED_PROXY_COUNT = ENVIRONMENT.trusted_proxy_count
NINJA_NUM_PROXIES = ENVIRONMENT.trusted_proxy_count

ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.is_https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.trusted_proxy_count else None
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if ENVIRONMENT.is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: they may belong to somebody else's service
    "security.W021",  # HSTS preloading: the owner of the domain decides, not this program
    "security.W008",  # redirecting to https: the proxy in front does; health checks come by plain http
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # data: is the QR code of two-factor sign-in, which must not be kept as a file.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}


# Mail. Invoices leave through our own sender, which reads SMTP; Django's names serve the mails about accounts.

SMTP = ENVIRONMENT.smtp
STRIPE = ENVIRONMENT.stripe
MAIL_FROM = DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.mail_from
MAILS_PER_DAY = ENVIRONMENT.mails_per_day
MAIL_PROVIDER, MAIL_PROVIDER_SECRET = ENVIRONMENT.mail_provider.name, ENVIRONMENT.mail_provider.secret
EMAIL_HOST, EMAIL_PORT = SMTP.host, SMTP.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = SMTP.user, SMTP.password
EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP.tls == "starttls", SMTP.tls == "tls"
EMAIL_TIMEOUT = SMTP.timeout


# Watching

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # It warns about every HEAD request, whose body it leaves out as it should.
        "gunicorn.http.wsgi": {"level": "ERROR"},
    },
}

PUBLIC_HOST = urlsplit(PUBLIC_BASE_URL).netloc
