## Opening a record in an emergency, and judging it afterwards

emergency-link = Open in an emergency
emergency-link-of = Open in an emergency: { $name }
emergency-title = Open a record in an emergency
emergency-about = When somebody is in danger you may open the whole record, whatever of it is closed to you. Say why. It ends by itself.
emergency-told = The patient sees your name and this reason. The health administrator looks at every emergency. All that you open meanwhile is in the access log.
emergency-why = Why
emergency-why-hint = For example: found unconscious, no companion, needs medicines and allergies at once.
emergency-how-long = For how long
emergency-minutes =
    { $n ->
        [one] 1 minute
       *[other] { $n } minutes
    }
emergency-open = Open the record now
emergency-no-why = Say why, in { $least } to { $most } characters.
emergency-running = Open in an emergency until { $time }.
emergency-left = minutes left
emergency-end = End now
closed-heading = This record is not open to you
closed-about = You see who this is. The record is open to those who care for the patient. If somebody is in danger you may open it: you say why, and both the patient and the health administrator are told.

nav-emergencies = Emergency access
emergencies-about = Every record that was opened in an emergency, and whether it was right.
emergencies-open = To be judged
emergencies-judged = Judged
emergencies-none = Nothing waits for a verdict
emergencies-none-more = Whatever is opened in an emergency stands here at once.
emergency-by = { $name }, { $role }
emergency-whose = Whose record
emergency-time = When
emergency-reason = Reason given
emergency-open-now = Open now
emergency-not-judged = Not judged yet
emergency-right = It was right
emergency-wrong = It was not right
emergency-judged = { $name }, { $date }
emergency-note = What you found
emergency-say-right = It was right
emergency-say-wrong = It was not right
emergency-no-verdict = Choose whether it was right to open the record.
emergency-log = What was opened
emergency-done = Your verdict is kept.
