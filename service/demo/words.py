"""What the simulated operators write: by the metric that weighs most, (cause, fix, what the rep can say)."""

WORDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "late_share": (
        (
            "Two of the five evening tours of the depot are run by stand-in drivers; stops are reached late.",
            "A regular driver takes the account's stops back from tomorrow; the tour starts half an hour earlier.",
            "We saw the delays before you called. Your stops are back with a driver who knows them from tomorrow.",
        ),
        (
            "The new route puts the account behind a school zone; the tour loses 25 minutes in the morning.",
            "The account's stop is moved to the front of the tour; dispatch checks arrival times daily this week.",
            "Your delivery moves to the first stops of the morning. I will confirm the arrival times on Friday.",
        ),
        (
            "The sorting line at the depot stood still for two nights; trailers left late.",
            "The line runs again; a spare van carries the account's parcels until the backlog is gone.",
            "The depot's line is repaired. A separate van brings what is still waiting.",
        ),
    ),
    "failed_first_attempt": (
        (
            "Delivery windows in the system do not match the account's opening hours since the route change.",
            "Windows corrected with the account's goods-in; drivers must ring before they leave.",
            "We had the wrong opening hours. They are corrected, and drivers now ring before they turn round.",
        ),
    ),
    "damaged_parcels": (
        (
            "Cartons of the new size do not fit the cages and are crushed at the bottom row.",
            "The account's cartons go into separate cages; packaging sends stronger inlays this week.",
            "We found what crushed the cartons and load yours separately from tonight.",
        ),
    ),
    "tickets_unanswered": (
        (
            "The account's requests went to a shared inbox that nobody has watched since the team changed.",
            "All open requests are answered today; Ola is the named contact from now on.",
            "Each of your open requests gets an answer today. Ola is your contact from now on.",
        ),
    ),
    "past_due": (
        (
            "The price list in billing lacks the new surcharge agreement; invoices are disputed and stay open.",
            "Billing reissues the disputed invoices; dunning is stopped for the account.",
            "You will get corrected invoices this week; ignore the reminders, we stopped them.",
        ),
    ),
    "satisfaction": (
        (
            "Receivers rate a stand-in driver poorly since last week.",
            "The regular driver is back on the tour; the team lead rides along on Thursday.",
            "Your regular driver is back. Tell me at once if anything is not as it was.",
        ),
    ),
}
OTHER = (
    "Several small things came together; no single cause stands out yet.",
    "The depot lead calls the account's goods-in today and checks the last ten deliveries.",
    "We noticed that things were not running as they should and are checking each delivery.",
)
# What follows an update: the cause stays, (what is done, what the rep can say) goes on.
FOLLOW_UPS = (
    ("Yesterday's deliveries were on target; we watch one more day.", "Yesterday went as promised. We keep watching."),
    ("Half of the measures are done, the rest follows tomorrow.", "We are half way; the rest follows tomorrow."),
    ("It took longer than planned: the spare van comes a day later.", "It takes us a day longer; I stay on it."),
)
ENDINGS = (
    "Back to normal for two days.",
    "Cause removed; figures are back at the usual level.",
    "Settled with the client's goods-in.",
)
