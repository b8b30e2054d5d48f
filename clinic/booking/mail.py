"""What is told apart among letters: who they go to, and which are never sent a second time."""

from __future__ import annotations

TO_CLINIC = ("urgent_alert", "urgent_escalation")
SHORT_LIVED = ("code", "resume_link")  # the patient asks for a new one
TOLD_BY_PHONE = "told_by_phone"  # why a failed letter is dropped: somebody called
UNREADABLE = "unreadable"  # why a letter failed: it can no longer be opened
