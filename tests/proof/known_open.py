"""What the suite does not manage yet, and what it says instead. A subject that it manages leaves this list."""

OPEN = {
    "rate-limit-5-403-page": "no verdict: a limit that answers 403 is taken for refused credentials",
    "rate-limit-5-403-json": "no verdict: a limit that answers 403 is taken for refused credentials",
    "rate-limit-5-200-page": "no verdict: a limit that answers with a page is taken for a gateway",
    "lock-out": "no verdict: the run's own bad credentials lock the good ones out",
}
