import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from pytest_django import DjangoAssertNumQueries, Settings

from bookbill.companies.models import Company
from bookbill.documents.files import DamagedFile, name_of, put_file, put_files, read_file, read_logo, storage
from bookbill.documents.models import StoredFile
from bookbill.lib.tenancy import scope

pytestmark = pytest.mark.both_databases


@pytest.fixture
def company(db: None) -> Iterator[Company]:
    company = Company.objects.create(name="Bright Home Co.", currency="CAD")
    with scope(company=company):
        yield company


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.STORAGES = {
        **settings.STORAGES,
        "stored_files": {**settings.STORAGES["stored_files"], "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


def path_of(stored: StoredFile) -> Path:
    return Path(storage().path(name_of(stored.company_id, stored.sha256)))


def test_bytes_come_back_and_lie_under_their_hash(company: Company, folder: Path) -> None:
    stored = put_file(company.pk, "invoice-pdf", b"%PDF", "application/pdf")
    assert read_file(stored) == b"%PDF"
    digest = sha256(b"%PDF").hexdigest()
    assert path_of(stored) == folder / str(company.pk) / digest[:2] / digest
    assert (stored.size, stored.sha256, stored.content_type) == (4, digest, "application/pdf")
    assert path_of(stored).stat().st_mode & 0o077 == 0


def test_the_same_bytes_again_are_the_same_row_and_an_untouched_file(company: Company, folder: Path) -> None:
    first = put_file(company.pk, "logo", b"picture", "image/png")
    before = path_of(first).stat().st_ino
    assert put_file(company.pk, "logo", b"picture", "image/png") == first
    assert path_of(first).stat().st_ino == before
    assert StoredFile.objects.count() == 1
    assert [path for path in folder.rglob("*") if path.is_file()] == [path_of(first)]


def test_many_are_kept_with_as_many_queries_as_one(
    company: Company, folder: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    contents = [b"one", b"two", b"one"]
    with django_assert_num_queries(2):
        stored = put_files(company.pk, "invoice-pdf", contents, "application/pdf")
    assert [read_file(row) for row in stored] == contents
    assert stored[0] == stored[2]


def test_changed_bytes_are_noticed_and_healed_by_storing_them_again(company: Company, folder: Path) -> None:
    stored = put_file(company.pk, "invoice-pdf", b"%PDF", "application/pdf")
    path_of(stored).write_bytes(b"%PDX")
    with pytest.raises(DamagedFile, match="other bytes"):
        read_file(stored)
    put_file(company.pk, "invoice-pdf", b"%PDF", "application/pdf")
    assert read_file(stored) == b"%PDF"


def test_a_missing_file_is_noticed(company: Company, folder: Path) -> None:
    stored = put_file(company.pk, "invoice-pdf", b"%PDF", "application/pdf")
    path_of(stored).unlink()
    with pytest.raises(DamagedFile, match="missing"):
        read_file(stored)


def test_a_full_disk_leaves_neither_file_nor_row(
    company: Company, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        put_file(company.pk, "invoice-pdf", b"%PDF", "application/pdf")
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert StoredFile.objects.count() == 0


def test_the_logo_of_a_document_is_found_by_its_hash(company: Company, folder: Path) -> None:
    stored = put_file(company.pk, "logo", b"picture", "image/png")
    assert read_logo(company.pk, stored.sha256) == b"picture"
    assert read_logo(company.pk, None) is None


def test_another_company_with_the_same_bytes_has_its_own(company: Company, folder: Path) -> None:
    put_file(company.pk, "logo", b"picture", "image/png")
    other = Company.objects.create(name="Other", currency="CAD")
    with scope(company=other):
        assert put_file(other.pk, "logo", b"picture", "image/png").company_id == other.pk
        assert StoredFile.objects.count() == 1


@pytest.mark.parametrize("act", ["change", "delete"])
def test_the_database_refuses_to_change_a_stored_file(company: Company, folder: Path, act: str) -> None:
    stored = put_file(company.pk, "invoice-pdf", b"%PDF", "application/pdf")
    rows = StoredFile.objects.filter(pk=stored.pk)
    with pytest.raises((IntegrityError, DatabaseError), match="is frozen"), transaction.atomic():
        rows.update(size=5) if act == "change" else rows.delete()
    assert rows.get() == stored
