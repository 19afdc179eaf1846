"""What each kind of mail has to say: facts only. How they are put into words and pictures is the business of `letters`.

Every content has `to`; `letters.render(content)` makes a mail of it. Moments are UTC, to be told by the reader's clock.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from models import Resolution
from service.updates.parts import NewsLine, Promise


@dataclass(frozen=True)
class To:
    """Who reads it, and by whose clock. `id` is the mail's: links are signed and pictures are named by it.

    `rep_id` is there for reps, who may pause their mails.
    """

    id: UUID
    name: str
    time_zone: str
    site_url: str
    rep_id: int | None = None


@dataclass(frozen=True)
class Client:
    """The account that a mail is about, as it is seen now.

    `risk` and `line` are in [0, 1]. Unless `trained`, the risk is the starter score's, which is no probability.
    `rising` and `lowering` are sentences, the most important first; `days` the risk by day, oldest first.
    """

    account_id: str
    name: str
    risk: float
    line: float
    trained: bool
    horizon_days: int
    opened_at: datetime
    rising: tuple[str, ...] = ()
    lowering: tuple[str, ...] = ()
    days: tuple[tuple[date, float], ...] = ()


@dataclass(frozen=True)
class Said:
    """What operations wrote: all but `say` is never empty."""

    written_at: datetime
    cause: str
    owner: str
    fix: str
    say: str
    next_update_at: datetime


@dataclass(frozen=True)
class HeadsUp:
    """The first word about an alert, in operations' own words. `earlier` was written before it, oldest first."""

    to: To
    client: Client
    said: Said
    earlier: tuple[Said, ...] = ()


@dataclass(frozen=True)
class PlainHeadsUp:
    """The first word about an alert on which operations is silent. `seen`: somebody acknowledged it."""

    to: To
    client: Client
    seen: bool


@dataclass(frozen=True)
class FollowUp:
    """News of an alert that the rep has been told of. `earlier` was written since the last mail, oldest first.

    `subject` is that of the thread's first mail; empty where that was about several accounts. `why` it comes at once:
    "urgent", "own_words" after a plain heads-up, "risen" or "late", else empty. `since_risk` is the risk when the rep
    was last told, where it is known.
    """

    to: To
    client: Client
    said: Said
    subject: str
    earlier: tuple[Said, ...] = ()
    why: str = ""
    since_risk: float | None = None


@dataclass(frozen=True)
class Ended:
    """An alert has ended. `note` is what was done, for a fix only.

    `subject` is that of the thread's first mail; empty as for a follow-up. `first`: the rep hears of it for the first
    time, since it was fixed before a mail could go out. `unsaid` was written and not mailed before, oldest first.
    """

    to: To
    client: Client
    how: Resolution
    ended_at: datetime
    note: str = ""
    subject: str = ""
    first: bool = False
    unsaid: tuple[Said, ...] = ()


News = HeadsUp | PlainHeadsUp | FollowUp | Ended
"""What a mail can tell about one account."""


@dataclass(frozen=True)
class Group:
    """Several accounts of one rep at once, the riskiest first."""

    to: To
    news: tuple[News, ...]


@dataclass(frozen=True)
class Standing:
    """An account in a weekly mail. `before` is the risk a week ago, where it is known; `days` as a client's.

    `why` is its first reason; `said` the newest words of operations, `told_at` when the rep was last told of it.
    `open` tells whether an alert is live, `ended` how one ended in the week.
    """

    account_id: str
    name: str
    risk: float
    before: float | None
    trained: bool
    open: bool
    ended: Resolution | None = None
    why: str = ""
    said: Said | None = None
    told_at: datetime | None = None
    days: tuple[tuple[date, float], ...] = ()


@dataclass(frozen=True)
class Digest:
    """The week of a rep's portfolio. `call` needs a call first, riskiest first; `changed` moved; `fine` is the rest.

    `first_day` is the Monday of the ISO week. `news` are what the rep may tell clients. `promises` are at risk or due
    soon, those at risk first.
    """

    to: To
    first_day: date
    call: tuple[Standing, ...]
    changed: tuple[Standing, ...]
    fine: tuple[Standing, ...]
    complaints: int = 0
    news: tuple[NewsLine, ...] = ()
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True)
class RepWeek:
    """A rep in the manager's mail. `told` of `complaints` came after the rep had been told; `call` need a call."""

    name: str
    email: str
    accounts: int
    call: tuple[Standing, ...]
    told: int
    complaints: int
    unacknowledged: int


@dataclass(frozen=True)
class ManagerWeek:
    """The week of a manager's reps, who needs time first."""

    to: To
    first_day: date
    reps: tuple[RepWeek, ...]


@dataclass(frozen=True)
class CommitmentAtRisk:
    """Promises to one client that may not be kept: the one that is due first, and the `others`.

    `said` is what operations wrote about the client's live alert, where there is one.
    """

    to: To
    account_id: str
    name: str
    promise: Promise
    others: tuple[Promise, ...] = ()
    said: Said | None = None


@dataclass(frozen=True)
class Receipt:
    """Operations has what a rep wrote. `who` looks at it, if that is known; `answer_by` is when the rep hears more.

    `subject` is that of the thread's first mail, where it is about this account alone.
    """

    to: To
    asked: str
    asked_at: datetime
    answer_by: datetime | None
    name: str = ""
    account_id: str = ""
    who: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Answer:
    """What somebody of operations, `who`, writes back to what a rep `asked`. `subject` as for a receipt."""

    to: To
    text: str
    who: str
    asked: str
    asked_at: datetime
    name: str = ""
    account_id: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Notice:
    """A mail to operations about one thing, with a button to `url`.

    `about` names the file `notice/ABOUT.j2`, which says what `facts` it has and what its title, lines and button are.
    """

    to: To
    about: str
    url: str
    facts: dict[str, Any]


Content = News | Group | Digest | ManagerWeek | CommitmentAtRisk | Receipt | Answer | Notice
