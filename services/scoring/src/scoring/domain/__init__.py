"""The rules of the assessment: functions of facts, exact, and without any effect."""
