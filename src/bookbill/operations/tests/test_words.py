import pytest

from bookbill.operations.words import why_word


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("PermissionError: [Errno 13] Permission denied: '/srv'", "may not write"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "did not answer"),
        ("TimeoutError: timed out", "did not answer"),
        ("The worker stopped before it was finished.", "was stopped"),
        ("KeyError: 'x'", "unexpected"),
        ("", "unexpected"),
    ],
)
def test_an_error_is_said_in_a_sentence_that_a_person_can_act_on(error: str, word: str) -> None:
    assert word in why_word(error)
