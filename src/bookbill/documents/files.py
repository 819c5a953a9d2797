"""Keeping bytes by their hash: written and synced before any row says so, never overwritten."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from django.conf import settings

from bookbill.documents.models import StoredFile


class DamagedFile(Exception):
    """The bytes on disk are no longer what was stored."""


def put_file(company_id: UUID, kind: str, content: bytes, content_type: str) -> StoredFile:
    """Keep bytes and return their row; the same bytes again give the same row."""
    digest = sha256(content).hexdigest()
    _write(path_of(company_id, digest), content)
    StoredFile.objects.bulk_create(
        [
            StoredFile(
                company_id=company_id, kind=kind, sha256=digest, size=len(content), content_type=content_type
            )
        ],
        ignore_conflicts=True,
    )
    return StoredFile.objects.get(company_id=company_id, kind=kind, sha256=digest)


def read_file(stored: StoredFile) -> bytes:
    """The bytes, checked against their hash. Raises DamagedFile where they differ or are gone."""
    try:
        content = path_of(stored.company_id, stored.sha256).read_bytes()
    except FileNotFoundError as problem:
        raise DamagedFile(f"stored file {stored.sha256} is missing") from problem
    if sha256(content).hexdigest() != stored.sha256:
        raise DamagedFile(f"stored file {stored.sha256} has other bytes")
    return content


def read_logo(company_id: UUID, digest: str | None) -> bytes | None:
    """The logo a document names, None where it names none."""
    if digest is None:
        return None
    return read_file(StoredFile.objects.get(company_id=company_id, kind="logo", sha256=digest))


def path_of(company_id: UUID, digest: str) -> Path:
    return Path(settings.DATA_DIR) / "files" / str(company_id) / digest[:2] / digest


def _write(path: Path, content: bytes) -> None:
    if path.exists() and sha256(path.read_bytes()).hexdigest() == path.name:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    os.replace(draft.name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
