## The access log

verify-now = Verify now
audit-sum =
    { $n ->
        [one] 1 entry. None can be deleted here.
       *[other] { $count } entries. None can be deleted here.
    }
audit-sum-since = The first is of { $date }.
audit-entries = Entries
audit-action = Did what
audit-outcome = Outcome
audit-from = From
audit-to = To
audit-any = Any
audit-anyone = Anyone
audit-clear = Clear
audit-none = No entry fits
audit-none-more = Take one of the filters away, or choose a longer time.
audit-scroll = Entries, scrolls sideways
audit-own-entry = This search is itself entry
audit-bad-day = “{ $day }” is not a day. Write it as year, month and day, such as 2026-03-09.
audit-days-turned = The last day is before the first one. Exchange them.
audit-nobody = No account has this name or user name.
audit-many-people = { $n } accounts fit this name. Type the user name.
audit-no-patient = No patient fits this name or number.
audit-many-patients = { $n } patients fit equally well. Add the birth date, or type the number.
audit-and-more =
    { $n ->
        [one] { $name } and 1 other
       *[other] { $name } and { $n } others
    }
audit-times = { $did }, { $n } times
audit-account-of = account of { $name }
audit-quoted = “{ $text }”
audit-erased = The detail was erased by entry { $by }.
audit-detail-missing = The detail is missing. Verify the log.
audit-unsealed = Since the last checkpoint: linked, not yet sealed
audit-sealed = Under the last checkpoint
chain-label = State of the log
chain-whole = Verified: complete and unchanged
    .more = { $date }. No edit, gap, reordering or substitution found.
chain-tampered = Verified: not as it was written
    .more = { $date }. Keep the box as it is, verify again to see what was found, and call for help.
chain-unverified = Not verified yet
    .more = Verify it now; it takes a few seconds for each million entries.
chain-entries =
    { $n ->
        [one] 1 entry
       *[other] { $count } entries
    }
chain-sealed = Under the last checkpoint
chain-unsealed = Since then, linked, not yet sealed
chain-last = Last checkpoint
chain-next = Next checkpoint
chain-no-checkpoint = none yet
verify-title = Verification of the access log
verify-whole =
    { $n ->
        [one] 1 entry, complete and unchanged
       *[other] { $count } entries, complete and unchanged
    }
    .more = No edit, gap, reordering, copy or substitution was found. What such a check cannot see stands below.
verify-tampered = The access log is not as it was written
    .more = Keep the box as it is. Note the entries below, fetch the last checkpoint from outside the box, and run “chartbox audit verify --checkpoint” with it.
verify-facts = What was checked
verify-checkpoints = Checkpoints kept in the box
verify-details = Details checked
verify-withheld = Details erased, each with an entry that says so
verify-clock = Entries written while the clock had gone backwards
verify-more = And { $n } more.
verify-findings = What was found
verify-blind = What this check cannot see
blind-rewritten = Somebody with the key of the store who wrote the log or its end anew, cut its end off, or put an older copy of the store back. A checkpoint kept outside the box would show it: the operator checks with “chartbox audit verify”.
blind-rewritten-after =
    { $entries ->
        [one] The same, for the 1 entry after entry { $size }, which a checkpoint kept outside covers last.
       *[other] The same, for the { $entries } entries after entry { $size }, which a checkpoint kept outside covers last.
    }
blind-other-key = A checkpoint exchanged for one signed with another key. The fingerprint on the recovery sheet would show it.
blind-unwritten-failures = A changed number of failed sign-ins of the last minute: they are counted before they are written as one entry.
blind-never-written = What somebody with full control of the machine did without this program, so that it was never written.
verify-back = Back to the log
col-entry = Entry
col-did = Did what
outcome-success = Done
outcome-denied = Refused
outcome-failed = Did not work
outcome-started = Begun

## The health administrator: approvals

approvals-about = What leaves the box at its console, or to another program in bulk, needs your word. For the console it is a code that is good once, for 15 minutes.
approval-what = What may leave the box
approves-take-back = Bringing something back from a backup
    .more = At the console, one patient’s record or one resource is put back as it was when the backup was made, as new versions.
approves-audit-export = The whole access log
    .more = As a file from which a stranger can check it. It names staff and patients by number, and holds what was searched and why.
approval-no-what = Choose what may leave the box.
approval-reason = Why
approval-reason-hint = Who asked for it, and what for. It stands in the access log.
approval-no-reason = Say why: it stands in the access log.
approval-long-reason = Say it in at most { $most } characters.
approval-make = Make a code
approval-code = The code, shown this once
approval-code-more = Good until { $time }, for one export. Whoever stands at the box’s console types: chartbox audit export --to FILE --approve CODE
approvals-open = Codes that still work
approvals-none = None
approvals-none-more = A code that was used or has ended is not shown here; the access log has them all.
approval-by = by { $name }, until { $time }
exports-waiting = Programs that ask to take records away
exports-about = Nothing leaves before you approve. What you approve can be fetched by that program alone, until it ends by itself; what patients sealed is never in it. If you do not know the program, refuse, and ask the operator.
export-everything = Everything in the box
export-patients = The records of all patients
export-some-patients =
    { $n ->
        [one] The record of 1 patient
       *[other] The records of { $count } patients
    }
export-group = The records of a group of patients
export-asked = { $name } asked { $time }
export-only = Only: { $kinds }
export-since = Only what was changed after { $time }
export-approve = Approve
export-refuse = Refuse
