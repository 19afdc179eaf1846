"""SQLAlchemy tables: columns, constraints, enums, derived read-only properties. No queries, no rules, no learning."""

from models.access import ApiKey, LoginSession, LoginTries, Operator, RecoveryCode, Role, Scope, SecondFactor
from models.account import Account, Rep
from models.alert import Alert, AlertEvent, AlertStatus, HoldoutDraw, Resolution, WrongReason
from models.audit import AuditEntry, AuditHead, Erasure, WorkerStep
from models.base import Base, UtcDateTime
from models.commitment import Commitment, CommitmentState, Danger, NewsLine
from models.complaint import Complaint
from models.keeping import Keeping
from models.metric import Better, Combine, IngestKey, Metric, Observation
from models.reply import Address, InboundKind, InboundMail, MailChoice, Reply, StopReason
from models.score import STARTER, Score, ScoreDay
from models.trained_model import LineKind, ModelStatus, TrainedModel
from models.update import Hold, HoldKind, Mail, MailKind, MailState, Telling, Update, UpdateKind
from models.watching import (
    Comparison,
    ModelDay,
    ModelShift,
    Notice,
    Retraining,
    RetrainingOutcome,
    ShadowDay,
    Verdict,
    WatchDay,
)

__all__ = [
    "STARTER",
    "Account",
    "Address",
    "Alert",
    "AlertEvent",
    "AlertStatus",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "Base",
    "Better",
    "Combine",
    "Commitment",
    "CommitmentState",
    "Comparison",
    "Complaint",
    "Danger",
    "Erasure",
    "Hold",
    "HoldKind",
    "HoldoutDraw",
    "InboundKind",
    "InboundMail",
    "IngestKey",
    "Keeping",
    "LineKind",
    "LoginSession",
    "LoginTries",
    "Mail",
    "MailChoice",
    "MailKind",
    "MailState",
    "Metric",
    "ModelDay",
    "ModelShift",
    "ModelStatus",
    "NewsLine",
    "Notice",
    "Observation",
    "Operator",
    "RecoveryCode",
    "Rep",
    "Reply",
    "Resolution",
    "Retraining",
    "RetrainingOutcome",
    "Role",
    "Scope",
    "Score",
    "ScoreDay",
    "SecondFactor",
    "ShadowDay",
    "StopReason",
    "Telling",
    "TrainedModel",
    "Update",
    "UpdateKind",
    "UtcDateTime",
    "Verdict",
    "WatchDay",
    "WorkerStep",
    "WrongReason",
]
