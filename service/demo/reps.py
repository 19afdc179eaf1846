"""The simulated reps, who read their mail and mostly press its button."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

import httpx2
import numpy as np

from service.demo.mailbox import Mailbox

PRESSES = 0.7
BUTTON = re.compile(r"https?://[^/\s]+(/a/[^\s<>\"]+)")


@dataclass
class Reps:
    """They read what came since they last looked. The button is a page; pressing it there is what counts."""

    client: httpx2.Client
    mailbox: Mailbox
    rng: np.random.Generator

    def work(self, _now: datetime) -> bool:
        """Read new mails and press the buttons; tell whether anything was done."""
        links = [link for mail in self.mailbox.read() if (link := button(mail)) and self.rng.random() < PRESSES]
        for link in links:
            self.client.get(link).raise_for_status()
            self.client.post(link).raise_for_status()
        return bool(links)


def button(mail: EmailMessage) -> str | None:
    """The path behind a heads-up's button, as its text part has it."""
    text = mail.get_body(("plain",))
    found = BUTTON.search(text.get_content()) if text else None
    return found[1] if found else None
