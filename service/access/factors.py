"""The second factor of an operator: set it up, use it, take it off."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import Operator, RecoveryCode, Role, SecondFactor
from service.access import codes, queries, rules
from service.access.actions import OperatorNotFound, record
from service.access.sessions import SignInRefused, bucket
from service.kit.database import Session
from service.kit.errors import Conflict, Invalid
from service.kit.links import LinkInvalid, sign, subject_of
from service.kit.settings import Settings

PURPOSE = "second-factor"
TIME_FOR_CODE = timedelta(minutes=10)


class CodeWrong(Invalid):
    """This code is wrong, too old, or was used before."""


class FactorThere(Conflict):
    """A second factor is set up already."""


class FactorMissing(Conflict):
    """There is no second factor."""


class FactorDemanded(Conflict):
    """A second factor is demanded here."""


@dataclass(frozen=True)
class CodeTry:
    """One try to give the code of a device, by whoever knows the password already: few a day.

    Codes for recovery are too long to be guessed, and are not counted: they open when the tries are used up.
    """

    operator_id: int
    device: str | None = None
    window = timedelta(days=1)
    advice = "Wait a day, give a recovery code, or use the browser that you signed in with before."

    def buckets(self, attempts: int) -> list[tuple[str, int]]:
        """What this try counts for, and how many tries it may have."""
        return [(bucket("code", str(self.operator_id), self.device or ""), attempts)]


def is_demanded(settings: Settings, operator: Operator) -> bool:
    """Whether the settings ask this operator for a second factor."""
    return settings.second_factor == "all" or (settings.second_factor == "admins" and operator.role is Role.ADMIN)


def has_one(session: Session, operator: Operator) -> bool:
    """Whether a second factor was set up to its end."""
    row = queries.second_factor(session, operator.id)
    return row is not None and row.proven_at is not None


def begin(session: Session, settings: Settings, operator: Operator, *, now: datetime) -> bytes:
    """Make a key for an operator's device; it counts for nothing until a code of it was given.

    Raises:
        FactorThere: there is one that counts.
    """
    if has_one(session, operator):
        raise FactorThere("Take it off first, then set up another.")
    key = codes.new_key()
    queries.drop_second_factor(session, operator.id)
    session.add(SecondFactor(operator_id=operator.id, sealed_key=codes.seal(settings, key), made_at=now, last_step=0))
    return key


def begun(session: Session, settings: Settings, operator: Operator) -> bytes:
    """The key that was made and has not been proven yet.

    Raises:
        FactorMissing: none was made, or it counts already.
    """
    row = queries.second_factor(session, operator.id)
    key = codes.unseal(settings, row.sealed_key) if row is not None and row.proven_at is None else None
    if key is None:
        raise FactorMissing("Begin again.")
    return key


def finish(session: Session, settings: Settings, operator: Operator, given: str, *, now: datetime) -> list[str]:
    """Let the key count, as this code shows that the device has it; return the codes for recovery.

    Raises:
        FactorMissing: no key waits for its first code.
        CodeWrong: the device shows another code.
    """
    begun(session, settings, operator)
    _use_timed(session, settings, operator, codes.tidy(given), now=now)
    queries.hold_second_factor(session, operator.id).proven_at = now
    record(session, operator.email, "second_factor.on", operator.email, now=now)
    return _new_recovery_codes(session, operator)


def is_guessable(given: str) -> bool:
    """Whether so short a code is given that tries have to be counted."""
    return len(codes.tidy(given)) < codes.RECOVERY_LENGTH


def use(session: Session, settings: Settings, operator: Operator, given: str, *, now: datetime) -> None:
    """Take a code of the device, or one for recovery; none is taken twice.

    Raises:
        CodeWrong: it is neither, or was used before.
    """
    tidy = codes.tidy(given)
    if codes.is_timed(tidy):
        _use_timed(session, settings, operator, tidy, now=now)
    elif queries.drop_recovery_code(session, operator.id, codes.recovery_hash(tidy)):
        left = queries.recovery_codes_left(session, operator.id)
        record(session, operator.email, "second_factor.recover", operator.email, now=now, left=left)
    else:
        raise CodeWrong("Take the code that your device shows now, or a recovery code that you have not used.")


def renew_recovery_codes(session: Session, operator: Operator, *, now: datetime) -> list[str]:
    """Make other codes for recovery; those from before are worth nothing any more.

    Raises:
        FactorMissing: there is nothing to recover.
    """
    if not has_one(session, operator):
        raise FactorMissing("Set one up first.")
    record(session, operator.email, "second_factor.codes", operator.email, now=now)
    return _new_recovery_codes(session, operator)


def give_up(session: Session, settings: Settings, operator: Operator, *, now: datetime) -> None:
    """Take an operator's own second factor off.

    Raises:
        FactorMissing: there is none.
        FactorDemanded: the settings do not let them go without.
    """
    if is_demanded(settings, operator):
        raise FactorDemanded("Ask an administrator: `headsup operator reset-factor` lets you set up another.")
    _take_off(session, operator, by=operator.email, now=now)


def take_off(session: Session, email: str, *, by: str, now: datetime) -> None:
    """Take somebody's second factor off, as their device is lost, and end their sessions.

    Raises:
        OperatorNotFound: nobody has that address.
        FactorMissing: there is none.
    """
    operator = queries.operator_by_email(session, email)
    if operator is None:
        raise OperatorNotFound(f"{email} cannot sign in.")
    _take_off(session, operator, by=by, now=now)
    queries.drop_sessions(session, operator.id)


def password_was_right(settings: Settings, operator: Operator, *, now: datetime) -> str:
    """What shows for ten minutes that somebody gave this operator's password, and nothing else."""
    return sign(settings, PURPOSE, f"{operator.id}.{_fingerprint(operator)}.{now.timestamp():.0f}")


def whose_password(session: Session, settings: Settings, shown: str, *, now: datetime) -> Operator:
    """Whose password was given, of what `password_was_right` made.

    Raises:
        SignInRefused: forged, older than ten minutes, or the password or the second factor are others since.
    """
    try:
        operator_id, fingerprint, began = subject_of(settings, PURPOSE, shown).split(".")
    except LinkInvalid as error:
        raise SignInRefused("Start again.") from error
    operator = queries.operator(session, int(operator_id))
    late = now.timestamp() - int(began) > TIME_FOR_CODE.total_seconds()
    same = operator is not None and rules.equal(fingerprint, _fingerprint(operator))
    if late or operator is None or not same or not has_one(session, operator):
        raise SignInRefused("That took too long. Start again.")
    return operator


def _use_timed(session: Session, settings: Settings, operator: Operator, given: str, *, now: datetime) -> None:
    row = queries.hold_second_factor(session, operator.id)
    key = codes.unseal(settings, row.sealed_key)
    step = codes.step_that_fits(key, given, after=row.last_step, now=now) if key else None
    if key is None or step is None:
        raise CodeWrong("Take the code that your device shows now; each opens once.")
    # Sealed anew: what a secret key sealed that is being exchanged survives it.
    row.last_step, row.sealed_key = step, codes.seal(settings, key)


def _new_recovery_codes(session: Session, operator: Operator) -> list[str]:
    queries.drop_recovery_codes(session, operator.id)
    made = [codes.new_recovery_code() for _ in range(codes.RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_sha256=codes.recovery_hash(each), operator_id=operator.id) for each in made)
    return made


def _take_off(session: Session, operator: Operator, *, by: str, now: datetime) -> None:
    if not has_one(session, operator):
        raise FactorMissing(f"{operator.email} has none.")
    queries.drop_recovery_codes(session, operator.id)
    queries.drop_second_factor(session, operator.id)
    record(session, by, "second_factor.off", operator.email, now=now)


def _fingerprint(operator: Operator) -> str:
    return rules.sha256(operator.password_hash)[:16]
