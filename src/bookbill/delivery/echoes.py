"""Headers that make a mail service name our Message-ID in its events, where it does not do so by itself. Pure."""

import json


def echo_header(provider: str, message_id: str) -> tuple[str, str] | None:
    """The header for this service; None where its events carry the Message-ID anyway."""
    match provider:
        case "postmark":
            return "X-PM-Metadata-message-id", message_id
        case "mailjet":
            return "X-MJ-CustomID", message_id
        case "sparkpost":
            return "X-MSYS-API", json.dumps({"metadata": {"message_id": message_id}})
    return None
