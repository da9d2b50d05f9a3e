"""The demo's mailbox: what the store mails lands in files, and a page shows them. Nothing of it answers outside the demo."""
