"""Keeping bytes by their hash: written and synced before any row says so, never overwritten."""

from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from uuid import UUID

from django.core.files import File
from django.core.files.storage import Storage, storages

from bookbill.documents.models import StoredFile


class DamagedFile(Exception):
    """The bytes on disk are no longer what was stored."""


def put_file(company_id: UUID, kind: str, content: bytes, content_type: str) -> StoredFile:
    """Keep bytes and return their row; the same bytes again give the same row. Inside the company's scope."""
    return put_files(company_id, kind, [content], content_type)[0]


def put_files(company_id: UUID, kind: str, contents: Sequence[bytes], content_type: str) -> list[StoredFile]:
    """The same for many, in order, with two queries. Best outside a transaction: each file waits for the disk."""
    digests = [sha256(content).hexdigest() for content in contents]
    for digest, content in zip(digests, contents, strict=True):
        _write(name_of(company_id, digest), digest, content)
    rows = {
        digest: StoredFile(
            company_id=company_id, kind=kind, sha256=digest, size=len(content), content_type=content_type
        )
        for digest, content in zip(digests, contents, strict=True)
    }
    StoredFile.objects.bulk_create(rows.values(), ignore_conflicts=True)
    kept = StoredFile.objects.filter(company_id=company_id, kind=kind, sha256__in=rows)
    by_digest = {stored.sha256: stored for stored in kept}
    return [by_digest[digest] for digest in digests]


def read_file(stored: StoredFile) -> bytes:
    """The bytes, checked against their hash. Raises DamagedFile where they differ or are gone."""
    content = _content(name_of(stored.company_id, stored.sha256))
    if content is None:
        raise DamagedFile(f"stored file {stored.sha256} is missing")
    if sha256(content).hexdigest() != stored.sha256:
        raise DamagedFile(f"stored file {stored.sha256} has other bytes")
    return content


def read_logo(company_id: UUID, digest: str | None) -> bytes | None:
    """The logo a document names, None where it names none."""
    if digest is None:
        return None
    return read_file(StoredFile.objects.get(company_id=company_id, kind="logo", sha256=digest))


def name_of(company_id: UUID, digest: str) -> str:
    """The key in the storage: `company/ab/sha256`."""
    return f"{company_id}/{digest[:2]}/{digest}"


def storage() -> Storage:
    return storages["stored_files"]


def _write(name: str, digest: str, content: bytes) -> None:
    there = _content(name)
    if there is not None and sha256(there).hexdigest() == digest:
        return
    if there is not None:
        storage().delete(name)  # damaged on disk; these are the bytes it should have
    storage().save(name, File(BytesIO(content)))


def _content(name: str) -> bytes | None:
    try:
        with storage().open(name) as file:
            return bytes(file.read())
    except FileNotFoundError:
        return None
