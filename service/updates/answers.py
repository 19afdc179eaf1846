"""What the errors of a dialogue with a relay say: the code of its answer, and words for people."""

import smtplib
import ssl


def code_of(error: Exception) -> int:
    """The reply's code; 0 where the connection ended without one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    if not isinstance(error, smtplib.SMTPResponseException):
        return 0
    # To a line that is too long for an answer the library gives a code of its own, with words that are no bytes.
    return error.smtp_code if isinstance(error.smtp_error, bytes) else 0


def words_of(error: Exception) -> str:
    """What happened, without the addresses that relays like to repeat."""
    code = code_of(error)
    if code > 0:
        return f"the relay answered {code}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or type(error).__name__}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, smtplib.SMTPException):
        return error.strerror
    return {
        "SMTPServerDisconnected": "the relay closed the connection",
        "SMTPNotSupportedError": "the relay does not offer TLS or login",
    }.get(type(error).__name__, type(error).__name__)
