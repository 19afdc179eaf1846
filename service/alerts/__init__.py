"""Operations' attention: open, acknowledge, snooze, resolve, escalate."""
