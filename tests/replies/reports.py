"""Delivery reports and complaints as mail servers write them."""

# ruff: noqa: E501  their lines are as long as they are

# name: (action, status, diagnostic code, what it means)
REPORTS = {
    "postfix, unknown user": ("failed", "5.1.1", "smtp; 550 5.1.1 <rita@example.com>: Recipient address rejected: User unknown", "hard"),
    "exchange, unknown user": ("failed", "5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", "hard"),
    "gmail, unknown user": ("failed", "5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist.", "hard"),
    "bad domain": ("failed", "5.1.2", "X-Unix; 550 host unknown", "hard"),
    "moved": ("failed", "5.1.6", "smtp; 551 5.1.6 recipient no longer on server", "hard"),
    "disabled": ("failed", "5.2.1", "smtp; 550 5.2.1 The email account is disabled", "hard"),
    "generic, with words": ("failed", "5.0.0", "smtp; 550 No such user here", "hard"),
    "status in the words only": ("failed", "", "smtp; 550 5.1.1 unknown", "hard"),
    "upper case action": ("Failed", "5.1.1", "smtp; 550 5.1.1 unknown", "hard"),
    "comment in status": ("failed", "5.1.1 (bad destination mailbox address)", "smtp; 550", "hard"),
    "mailbox full": ("failed", "5.2.2", "smtp; 552 5.2.2 mailbox full", "soft"),
    "too large": ("failed", "5.3.4", "smtp; 552 5.3.4 message too big", "soft"),
    "no route": ("failed", "5.4.4", "X-Postfix; Host or domain name not found. Name service error type=AAAA", "soft"),
    "loop": ("failed", "5.4.6", "smtp; 554 5.4.6 too many hops", "soft"),
    "blocked": ("failed", "5.7.1", "smtp; 550 5.7.1 Service unavailable; client host [192.0.2.5] blocked", "soft"),
    "dmarc": ("failed", "5.7.26", "smtp; 550 5.7.26 unauthenticated mail is not accepted", "soft"),
    "given up after days": ("failed", "4.4.7", "smtp; 452 4.2.2 over quota", "soft"),
    "4.4.1": ("failed", "4.4.1", "X-Postfix; connect to mx.example.com[192.0.2.1]:25: Connection timed out", "soft"),
    "generic, without words": ("failed", "5.0.0", "smtp; 554 transaction failed", "soft"),
    "no status, no words": ("failed", "", "", "soft"),
    "still trying": ("delayed", "4.4.1", "X-Postfix; connection timed out", "nothing"),
    "arrived": ("delivered", "2.0.0", "smtp; 250 OK", "nothing"),
    "handed on": ("relayed", "2.0.0", "smtp; 250 OK", "nothing"),
    "to a list": ("expanded", "2.0.0", "", "nothing"),
}  # fmt: skip
PROSE = {
    "qmail": ("Hi. This is the qmail-send program.\n<rita@example.com>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 user unknown", "hard"),
    "words only": ("Sorry, no mailbox here by that name. (#5.1.1)", "hard"),
    "german": ("Ihre Nachricht konnte nicht zugestellt werden.\n550 5.1.1 Empfänger unbekannt", "hard"),
    "japanese": ("宛先が見つかりません。\n550 5.1.1 unknown user", "hard"),
    "full": ("Le message n'a pas pu être remis.\n552 5.2.2 boîte pleine", "soft"),
    "code only": ("The server said: 554 rejected", "soft"),
}  # fmt: skip


def report(to, action, status, said, *, number=0):
    """A report after RFC 3464."""
    fields = [
        "Final-Recipient: rfc822; rita@example.com",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: {said}",
    ]
    return _multipart(
        to, "delivery-status", ["Reporting-MTA: dns; mx.example.com", "", *fields, ""], "Subject: Heads-up", number
    )


def complaint(to, *, original, kind="abuse", number=0):
    """A report after RFC 5965 that holds the headers of the mail which was called spam."""
    fields = [
        f"Feedback-Type: {kind}",
        "User-Agent: SomeGenerator/1.0",
        "Version: 1",
        "Original-Mail-From: redacted@example.com",
    ]
    return _multipart(to, "feedback-report", fields, f"Subject: Heads-up\r\nReply-To: <{original}>", f"arf-{number}")


def prose(to, text, *, number=0):
    """A report as servers wrote it before there was a standard."""
    head = ["Return-Path: <>", "From: MAILER-DAEMON@mx.example.com", f"To: <{to}>", "Subject: failure notice"]
    head += [
        f"Message-ID: <prose-{number}@mx>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
    ]
    return "\r\n".join(head).encode()


def _multipart(to, kind, fields, original, number):
    lines = [
        "Return-Path: <>", "From: Mail Delivery System <MAILER-DAEMON@mx.example.com>", f"To: <{to}>",
        "Subject: Undelivered Mail Returned to Sender", f"Message-ID: <{number}.report@mx.example.com>",
        "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        f"Content-Type: multipart/report; report-type={kind}; boundary=b", "",
        "--b", "Content-Type: text/plain", "", "This is the mail system.", "",
        "--b", f"Content-Type: message/{kind}", "", *fields, "",
        "--b", "Content-Type: text/rfc822-headers", "", original, "", "--b--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()
