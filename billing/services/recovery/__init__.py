"""Failed payments and disputes: the ladder, the mails, the way back."""
