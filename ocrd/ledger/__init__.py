"""Every SQL statement: what each job is, how far it came, and what may be forgotten.

Enters: whatever has to survive a crash, and the care for the file that holds it. What returned from
here is committed and on disk.
"""
