"""The command line `headsup`.

A command's module is imported when that command is asked for, so `headsup --help` needs neither database nor models.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

HELP = """Tell the sales rep before the client calls.

Exit codes: 0 done; 1 refused or failed, the reason is on standard error; 2 wrong usage; 3 some rows were rejected.
"""

# name: (module in service.commands, function, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("setup", "init", "Make the data folder: settings, database, first administrator."),
    "check": ("health", "check", "Check settings, database, schema, mail server, disk and clock."),
    "migrate": ("setup", "migrate", "Bring the database to this version's schema."),
    "backup": ("backup", "backup", "Back up database, models, settings and keys into a folder."),
    "restore": ("backup", "restore", "Fill an empty installation from a backup; its mails are held."),
    "serve": ("run", "serve", "Serve API and console; with the embedded database the worker too."),
    "worker": ("run", "worker", "Score, alert and mail; any number of workers may run."),
    "import accounts": ("imports", "accounts", "Import accounts and their reps."),
    "import metrics": ("imports", "metrics", "Import what is measured: labels, directions, targets."),
    "import observations": ("imports", "observations", "Import observations."),
    "import complaints": ("imports", "complaints", "Import complaints."),
    "import commitments": ("imports", "commitments", "Import promises to clients."),
    "train": ("learn", "train", "Train a model on the company's own history."),
    "backtest": ("learn", "backtest", "Hold the model and simple baselines against the past."),
    "models": ("versions", "models", "List the trained models."),
    "models show": ("versions", "show", "Show a model's card."),
    "models compare": ("compare", "compare", "Put two models side by side."),
    "promote": ("versions", "promote", "Make a trained model the active one."),
    "rollback": ("versions", "rollback", "Let the model before the active one speak again."),
    "holdout": ("holdout", "holdout", "Say what alerts are worth, by accounts left without one."),
    "watch": ("watch", "watch", "Tell how the speaking model does: promised and lived, drift, the candidate."),
    "retrain": ("retrain", "retrain", "Train on behalf of the worker; people take `train`."),
    "line": ("line", "line", "Show what the alert line costs and catches; choose it."),
    "score": ("learn", "score", "Score accounts now."),
    "key create": ("access", "create_key", "Make an API key and show it once."),
    "key list": ("access", "list_keys", "List API keys."),
    "key rotate": ("access", "rotate_key", "Make the key that follows one; both open for a while."),
    "key revoke": ("access", "revoke_key", "End an API key."),
    "operator add": ("access", "add_operator", "Give a person of operations a login."),
    "operator password": ("access", "set_password", "Give an operator another password."),
    "operator list": ("access", "list_operators", "List who has a login."),
    "operator reset-factor": ("access", "reset_factor", "Take a lost second factor off."),
    "operator disable": ("access", "disable_operator", "Let an operator in no more."),
    "mail preview": ("mail", "preview", "Look at every mail with sample data."),
    "mail test": ("mail", "send_test", "Send a mail with sample data to an address."),
    "mail check": ("mail", "check", "Check SPF, DKIM, DMARC and your own templates."),
    "news add": ("news", "add", "Let reps know what they may tell their clients."),
    "news list": ("news", "show", "List the news that are told, or will be."),
    "news remove": ("news", "remove", "Take news back."),
    "audit list": ("audit", "show", "Print lines of the audit log: when, who, what, on what."),
    "audit verify": ("audit", "verify", "Tell whether the audit log is whole."),
    "keep": ("keep", "keep", "Tell what is kept for how long, or clear it now."),
    "erase": ("erase", "erase", "Take a rep or a contact out of everything that is kept."),
    "demo": ("demo", "demo", "Replay a simulated company through the real thing, then serve it."),
}
GROUPS = {
    "import": "Import files: CSV, Parquet or XLSX.",
    "models": "List, show and compare the trained models.",
    "key": "Make, list and end API keys.",
    "operator": "Give people a login.",
    "mail": "Look at mails, send a test, check what receivers look up.",
    "news": "What is new, for reps to tell their clients.",
    "audit": "Who changed what.",
}


def main() -> None:
    """Run the command that the arguments name."""
    build(sys.argv[1:])()


def build(arguments: Sequence[str]) -> typer.Typer:
    """Build the command line. Commands that `arguments` do not name are there for the help only."""
    app = _new(HELP)
    app.callback()(_options)
    groups = {name: _new(text) for name, text in GROUPS.items()}
    for name, group in groups.items():
        app.add_typer(group, name=name)
    for name, (module, function, text) in COMMANDS.items():
        first, _, last = name.rpartition(" ")
        asked = set(name.split()) <= set(arguments)
        command = _load(module, function) if asked else _stand_in
        if name in groups:
            # A group that says something by itself: its function runs first and sees whether more was asked.
            groups[name].callback(invoke_without_command=True, no_args_is_help=False)(command)
        else:
            groups.get(first, app).command(last, help=None if asked else text)(command)
    return app


def _new(text: str) -> typer.Typer:
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _options(
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", envvar="HEADSUP_DATA_DIR", help="Folder of settings, embedded database and models."
        ),
    ] = None,
) -> None:
    # Settings come from the environment; the option is another way to say it.
    if data_dir is not None:
        os.environ["HEADSUP_DATA_DIR"] = str(data_dir)


def _load(module: str, function: str) -> Callable[..., Any]:
    door = importlib.import_module("service.commands.door")
    guarded: Callable[..., Any] = door.guarded(getattr(importlib.import_module(f"service.commands.{module}"), function))
    return guarded


def _stand_in() -> None:
    """Be listed."""


if __name__ == "__main__":
    main()
